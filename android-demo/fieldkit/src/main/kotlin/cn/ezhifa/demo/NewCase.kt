package cn.ezhifa.demo

import cn.ezhifa.field.*
import java.time.Instant
import java.time.LocalDate

/** What an app keeps for an offence that its crews meet every evening: wording and the usual answers. */
data class Favourite(
    val offence: String,
    /** On the tile. */
    val title: String,
    /** One sentence on what happened, as printed; the officer may change it. */
    val sentence: String,
    /** The usual answers, shown for one look before they are taken. Never the identity, never the history. */
    val usual: Map<String, Value>,
)

/** What a document reader, or the officer's thumbs, made of the party. */
data class Read(
    val name: String = "",
    val number: String = "",
    val address: String = "",
    val identity: Identity = Identity.DOCUMENT_READ,
    val kind: PartyKind = PartyKind.CITIZEN,
) {
    /** Never into a log. */
    override fun toString() = "Read($kind, $identity)"
}

/** Which screen of a case is next. */
enum class Screen { CAMERA, PARTY, QUESTIONS, PROPOSAL, STATEMENT, DECISION }

/**
 * A new case, tap by tap. Every public function is one tap of the officer; [taps] counts them. What a tap
 * records is said on its button: nothing is recorded that the officers did not just do.
 */
class NewCase(private val phone: FieldOffice, private val now: () -> Instant = Instant::now) {
    /** Taps so far. */
    var taps = 0
        private set

    /** The case, once it is open. */
    lateinit var case: FieldCase
        private set

    /** Questions still open, as the rulebook asks them. */
    var questions: List<Question> = emptyList()
        private set

    /** What the rulebook says, once it can. */
    var proposal: Proposal? = null
        private set

    /** Which screen to show. */
    var screen = Screen.CAMERA
        private set

    /** The usual answers of this offence, shown beside its questions. */
    var usual: Map<String, Value> = emptyMap()
        private set

    private fun <T> tap(what: () -> T): T {
        taps += 1
        return what()
    }

    /** Tile: opens the case here, on this offence; the camera is next. */
    fun start(favourite: Favourite, address: String, source: Source? = null) = tap {
        case = phone.openCase(address, source)
        case.chooseOffence(favourite.offence, now(), Private(favourite.sentence))
        usual = favourite.usual
        screen = Screen.CAMERA
    }

    /** Goes on with a case that was left in the middle: the process died, or the officers did something else. */
    fun resume(from: FieldCase, favourites: List<Favourite>) {
        case = from
        val view = from.look()
        usual = favourites.firstOrNull { it.offence == view.offence }?.usual.orEmpty()
        when {
            view.evidence.none { it.stage == Stage.FACT } -> screen = Screen.CAMERA
            view.party == null || view.history == null -> screen = Screen.PARTY
            view.heard && !view.outdated -> screen = Screen.DECISION
            view.noticed && !view.outdated -> screen = Screen.STATEMENT
            else -> {
                screen = Screen.QUESTIONS
                asked()
            }
        }
        if (proposal == null) proposal = view.proposal
    }

    /** Shutter: the picture is hashed and sealed before anything else happens to it. */
    fun shoot(jpeg: java.nio.ByteBuffer, caption: String, stage: Stage = Stage.FACT): EvidenceItem = tap {
        val item = case.capture(jpeg, Shot(stage, caption))
        if (stage == Stage.FACT) screen = Screen.PARTY
        item
    }

    /** 「亮证，读取证件」: certificates are shown, the document is read, HQ's lists are asked. */
    fun identify(read: Read) = tap {
        case.showCertificates()
        val born: LocalDate? = readResidentId(read.number)?.born
        val idKind = when {
            read.number.isEmpty() -> IdKind.NONE
            read.kind == PartyKind.CITIZEN -> IdKind.RESIDENT_ID
            else -> IdKind.CREDIT_CODE
        }
        case.identifyParty(
            Party(
                read.kind, Private(read.name), idKind, Private(read.number), read.identity, born,
                Private(read.address), Private(""), Private(""), Private(""), Private(""),
            ),
        )
        case.history()
        questions = case.questions()
        screen = Screen.QUESTIONS
    }

    /** 「与常见情形相同」: takes the usual answers that are on the screen; the rest is asked. */
    fun asUsual() = tap {
        while (true) {
            val next = case.questions().firstOrNull { it.fact in usual } ?: break
            case.answer(next.fact, usual.getValue(next.fact), FactSource.OFFICER)
        }
        asked()
    }

    /** One answer of one's own. */
    fun answer(fact: String, value: Value) = tap {
        case.answer(fact, value, FactSource.OFFICER)
        asked()
    }

    /** As soon as nothing is open the rulebook proposes, without a tap. */
    private fun asked() {
        questions = case.questions()
        if (questions.isEmpty()) {
            proposal = case.propose()
            screen = Screen.PROPOSAL
        }
    }

    /** 「已告知」. */
    fun notified(how: NoticeWay = NoticeWay.ORAL) = tap {
        case.giveNotice(how)
        screen = Screen.STATEMENT
    }

    /** 「未陈述申辩」, or what was said with the officers' review. */
    fun heard(words: String = "", review: String = "", upheld: Boolean = false) = tap {
        val kind = if (words.isEmpty()) StatementKind.NOT_MADE else StatementKind.MADE
        case.hearStatement(kind, SignerRole.PARTY, Private(words), review, upheld)
        screen = if (upheld) Screen.QUESTIONS else Screen.DECISION
        if (upheld) asked()
    }

    /** 「已教育」. */
    fun educated(how: String) = tap { case.educate(how) }

    /** 「已改正」, with the pictures that show it; it may change what the rulebook proposes. */
    fun corrected() = tap {
        case.seeCorrection(case.look().evidence.filter { it.stage == Stage.CORRECTED }.map { it.sha256 })
        proposal = case.propose()
    }
}
