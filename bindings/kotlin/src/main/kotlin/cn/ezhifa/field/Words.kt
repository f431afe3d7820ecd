package cn.ezhifa.field

/** Id of a case: opaque, the same for ever. */
@JvmInline
value class CaseId(val text: String)

/** Id of an officer inside the organ. Not a certificate number. */
@JvmInline
value class OfficerId(val text: String)

/** Money in fen (分), a hundredth of a yuan. */
@JvmInline
value class Fen(val fen: Long) {
    /** `200元`, `12.50元`. */
    fun yuan(): String =
        if (fen % 100 == 0L) "${fen / 100}元" else "%d.%02d元".format(fen / 100, fen % 100)
}

/**
 * Text about a person (name, ID number, address, words said). `toString` gives its length only, so that
 * it cannot slip into a log; whoever shows it asks with [reveal].
 */
class Private(private val text: String) {
    /** The text itself: for a screen or a paper, never for a log. */
    fun reveal(): String = text

    override fun toString() = "‹${text.length} 字›"

    override fun equals(other: Any?) = other is Private && other.text == text

    override fun hashCode() = text.hashCode()
}

/** The reason, whatever the kind. */
val PhoneException.why: Why
    get() = when (this) {
        is PhoneException.Refused -> why
        is PhoneException.NotReady -> why
        is PhoneException.Input -> why
        is PhoneException.Locked -> why
        is PhoneException.Printer -> why
        is PhoneException.Network -> why
        is PhoneException.Store -> why
        is PhoneException.Internal -> why
    }

/** What the officer reads: reason, article, next step. Chinese. */
val PhoneException.sentence: String
    get() = listOf(why.zh, why.article, why.nextZh).filter(String::isNotEmpty).joinToString("，")
