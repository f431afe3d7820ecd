package cn.ezhifa.demo

import cn.ezhifa.field.*
import java.nio.ByteBuffer
import java.time.Duration
import java.time.Instant
import java.time.LocalTime
import java.time.format.DateTimeParseException

/** The sheet that is filled in by hand now: its number, none when the pad is used up; its photo; the words to copy. */
class Sheet(val number: String?, val photo: String?, val words: ByteArray)

/**
 * A case that is heard while no printer works: a pre-numbered sheet (手写文书), signed electronic service, or the ordinary
 * procedure. Nothing is kept here: what was done is in the case.
 */
class WithoutPrinter(private val phone: FieldOffice, private val case: FieldCase, private val now: () -> Instant = Instant::now) {
    /** The next sheet of the pad. */
    fun sheet(): Sheet {
        val view = case.look()
        val number = phone.nextSheet(view.drill)
        val photo = view.evidence.lastOrNull { it.stage == Stage.SERVICE && it.caption == number?.let(::caption) }
        return Sheet(number, photo?.sha256, case.preview(Paper.MM58).png)
    }

    /** 「写坏了」: its number is void, the other officer confirms. Gives the number. */
    fun spoil(reason: String, secondPin: String): String = phone.spoilSheet(reason, secondPin, case.look().drill)

    /** The sheet as it was filled in and signed. */
    fun photograph(jpeg: ByteBuffer) {
        val number = sheet().number ?: return
        case.capture(jpeg, Shot(Stage.SERVICE, caption(number)))
    }

    /** When the sheet says it was written, `HH:mm`: the last time that it was so late. None where it is no time. */
    fun writtenAt(text: String): Instant? = try {
        val today = now().atZone(beijing).toLocalDate().atTime(LocalTime.parse(text.trim())).atZone(beijing).toInstant()
        if (today > now()) today - Duration.ofDays(1) else today
    } catch (_: DateTimeParseException) {
        null
    }

    /** 补录: number, time and photo of the sheet; both officers confirm. */
    fun keyIn(writtenAt: Instant, pins: Pins, reason: String = ""): Decided {
        val sheet = sheet()
        return case.keyIn(sheet.number.orEmpty(), writtenAt, sheet.photo.orEmpty(), case.confirmedBy(pins), chosen(reason))
    }

    /** 「当事人已签电子送达确认书」: where to, and the signature. The decision needs no printer then. */
    fun consents(address: String, signature: Strokes) {
        val svg = signature.svg()
        val held = case.capture(
            ByteBuffer.allocateDirect(svg.size).apply { put(svg); flip() },
            Shot(Stage.SERVICE, "电子送达确认书签名", "signature"),
        )
        case.agreeEService(EServiceConsent(Private(address), held.sha256, now()))
    }

    /** 「转普通程序」. */
    fun ordinary(reason: String): Phase = case.handOver(Destination.Ordinary, reason)

    private fun caption(number: String) = "手写文书 $number"
}

/** 「已电子送达」: the signed decision went to the address of the consent. */
fun FieldCase.servedElectronically(): Phase =
    serve(ServiceWay.ELECTRONIC, Signing(SignerRole.PARTY, SigningAct.SIGNED, Private(""), Private(""), null))

/** Both officers, each with their own PIN. */
typealias Pins = List<Pair<OfficerId, String>>

internal fun FieldCase.confirmedBy(pins: Pins) = pins.map { (officer, pin) -> confirm(officer, pin) }

internal fun chosen(reason: String) = if (reason.isEmpty()) null else Choice(null, null, reason)
