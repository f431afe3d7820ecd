// Plays a scenario on the phone from Kotlin: ScenarioKt SCENARIO.json WORK_FOLDER. tests/python/scenario.py says
// what the folder holds; exit code 9: killed on purpose, start again.
import cn.ezhifa.field.*
import java.io.File
import java.net.Socket
import java.net.SocketTimeoutException
import java.nio.ByteBuffer
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.security.spec.PKCS8EncodedKeySpec
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.time.LocalDateTime
import java.time.ZoneOffset
import org.json.JSONArray
import org.json.JSONObject

private const val KILLED = 9
private val shanghai = ZoneOffset.ofHours(8)
private fun local(text: String): Instant = LocalDateTime.parse(text).toInstant(shanghai)
private fun JSONArray.objects() = (0 until length()).map(::getJSONObject)
private fun JSONArray.strings() = (0 until length()).map(::getString)
private fun JSONObject.text(name: String) = optString(name, "")
private inline fun <reified E : Enum<E>> word(text: String): E = enumValueOf(text.uppercase())

/** What the platform brings, and what the scenario does to it. */
class World(val work: File, private val began: Instant) : PhoneKeys, PhoneClock, PhoneLocation, PhoneObserver {
    var now = began
    var place: JSONObject? = null
    var kill = ""
    var changes = 0
    var phone: FieldOffice? = null

    private val secret = File(work, "device.pkcs8")
    private val public = File(work, "device.spki")

    init {
        if (!public.exists()) {
            val pair = KeyPairGenerator.getInstance("EC")
                .apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
            secret.writeBytes(pair.private.encoded)
            public.writeBytes(pair.public.encoded)
        }
    }

    override fun databaseKey() = ByteArray(32) { 7 }
    override fun devicePublicKey() = public.readBytes().takeLast(65).toByteArray()
    override fun sign(message: ByteArray): ByteArray {
        if (kill == "sign") Runtime.getRuntime().halt(KILLED)
        val key = KeyFactory.getInstance("EC").generatePrivate(PKCS8EncodedKeySpec(secret.readBytes()))
        return Signature.getInstance("SHA256withECDSA").run { initSign(key); update(message); sign() }
    }
    override fun now() = ClockStamp(now, Duration.between(began, now).toMillis(), "boot-1")
    override fun here() = place?.run { Fix(getLong("lat_e7"), getLong("lon_e7"), getLong("accuracy_cm"), text("source")) }
    override fun changed(what: Change) {
        changes += 1
        phone?.cases(1u) // calling back is allowed
    }
}

/** A socket to the printer that breaks when the scenario says so. */
class Link(private val world: World, fault: JSONObject?) : PrinterLink {
    private val how = fault?.text("how") ?: ""
    private val after = fault?.getInt("after") ?: Int.MAX_VALUE
    private var sent = 0
    private val socket = File(world.work, "printer").readText().trim().split(":").let { Socket(it[0], it[1].toInt()) }

    override fun write(bytes: ByteArray): UInt {
        if (world.kill == "link") Runtime.getRuntime().halt(KILLED)
        if (sent >= after) when (how) {
            "closed" -> { socket.close(); throw AppException.Closed() }
            "failed" -> throw AppException.Failed("蓝牙断开 / Bluetooth went away")
            "throws" -> throw IllegalStateException("张三 441900199001011234") // nothing of this may be kept
        }
        val some = if (sent < after) minOf(bytes.size, after - sent) else bytes.size
        socket.getOutputStream().apply { write(bytes, 0, some); flush() }
        sent += some
        return some.toUInt()
    }

    override fun read(most: UInt, withinMs: UInt): ByteArray {
        socket.soTimeout = maxOf(withinMs.toInt(), 1)
        val into = ByteArray(most.toInt())
        val n = try { socket.getInputStream().read(into) } catch (e: SocketTimeoutException) { 0 }
        return if (n <= 0) ByteArray(0) else into.copyOf(n)
    }

    override fun lossless() = true
    override fun end() = socket.close()
}

private fun strokes() = Strokes(160u, 60u, listOf(listOf(Dot(6u, 12u), Dot(70u, 44u), Dot(150u, 20u))))

private fun signing(step: JSONObject, evidence: String? = null) = Signing(
    word(step.text("role")), word(step.text("act")), Private(""), Private(step.text("reason")), evidence)

private fun value(v: Any?): Value = when (v) {
    null, JSONObject.NULL -> Value.Unknown
    is Boolean -> Value.Bool(v)
    is Number -> Value.Int(v.toLong())
    else -> Value.Choice(v.toString())
}

private fun choice(step: JSONObject): Choice? =
    if (!step.has("reason")) null
    else Choice(if (step.has("outcome")) word<Outcome>(step.text("outcome")) else null, null, step.text("reason"))

private fun source(of: JSONObject): Source {
    val lead = of.text("lead")
    return when (of.text("source")) {
        "patrol" -> Source.Patrol
        "citizen_report" -> Source.CitizenReport(lead)
        "video_lead" -> Source.VideoLead(lead, of.text("audited_by"))
        "petition" -> Source.Petition(lead)
        "drone" -> Source.Drone(lead)
        else -> Source.OtherOrgan(lead)
    }
}

private fun shown(case: FieldCase, stage: Stage) = case.look().evidence.filter { it.stage == stage }.map { it.sha256 }

private fun direct(bytes: ByteArray): ByteBuffer =
    ByteBuffer.allocateDirect(bytes.size).apply { put(bytes); flip() }

class Player(private val file: File, private val work: File) {
    private val scenario = JSONObject(file.readText())
    private val saved = File(work, "position.json")
    private val at = if (saved.exists()) JSONObject(saved.readText())
        else JSONObject().put("case", 0).put("step", 0).put("now", scenario.text("begins")).put("ids", JSONObject())
    private val world = World(work, local(scenario.text("begins"))).apply { now = local(at.text("now")) }
    private val pins = scenario.getJSONObject("hq").getJSONArray("officers").objects().associate { it.text("id") to it.text("pin") }
    private val crew = scenario.getJSONArray("crew").strings().map(::OfficerId)
    private lateinit var phone: FieldOffice

    private fun start() {
        world.phone = null
        val platform = PhonePlatform("scenario 1.0.0", "kotlin", clock = world, location = world, observer = world)
        phone = FieldOffice.open("$work/store", "$work/mark", world, platform)
        world.phone = phone
        if (!phone.isEnrolled()) {
            phone.enrol(File(work, "ticket").readText().trim())
            sync()
        }
        crew.forEach { phone.signIn(it, pins.getValue(it.text)) }
        phone.setCrew(crew[0], crew[1])
    }

    private fun sync() {
        // Numbers that a sync brings are entries, which the next one sends.
        repeat(3) {
            val done = phone.sync()
            check(done.done && done.faults.isEmpty()) { done }
            val status = phone.status()
            if (status.unsyncedEntries == 0uL && status.unsyncedPhotos == 0uL) return
        }
        error("something is never delivered")
    }

    private fun keep(case: Int, step: Int) {
        at.put("case", case).put("step", step).put("now", LocalDateTime.ofInstant(world.now, shanghai).toString())
        val draft = File(work, "position.part").apply { writeText(at.toString()) }
        check(draft.renameTo(saved))
    }

    fun play() {
        start()
        val cases = scenario.getJSONArray("cases").objects()
        // Of each case: the phone's own work, and the print, which waits for the printer.
        val spent = listOf("whole case" to mutableListOf<Long>(), "its print" to mutableListOf())
        for (c in at.getInt("case") until cases.size) {
            val steps = cases[c].getJSONArray("steps").objects()
            val took = LongArray(2)
            for (s in (if (c == at.getInt("case")) at.getInt("step") else 0) until steps.size) {
                val step = steps[s]
                world.now = world.now.plusSeconds(step.optLong("after_s"))
                if (step.has("killed")) {
                    keep(c, s + 1) // what goes on after it is the next step
                    world.kill = step.text("killed")
                }
                val began = System.nanoTime()
                try {
                    act(cases[c], step)
                    took[if (step.text("do") == "print") 1 else 0] += System.nanoTime() - began
                    check(!step.has("refused")) { "not refused: $step" }
                    check(!step.has("killed")) { "survived: $step" }
                } catch (e: PhoneException) {
                    check(e.why.code == step.text("refused")) { "${cases[c].text("name")} $step: $e" }
                    check(e.why.zh.isNotEmpty() && e.why.en.isNotEmpty() && e.toString().startsWith(e.why.zh)) { e }
                }
                keep(c, s + 1)
            }
            keep(c + 1, 0)
            spent.forEachIndexed { i, (_, all) -> all += took[i] }
        }
        if (System.getenv("EZHIFA_TIMES") != null) for ((what, all) in spent) all.sorted().let {
            println("kotlin  %-20s %9.2f ms  best %.2f, %d of them".format(what, it[it.size / 2] / 1e6, it[0] / 1e6, it.size))
        }
        end(cases)
    }

    private fun act(script: JSONObject, step: JSONObject) {
        val what = step.text("do")
        val ids = at.getJSONObject("ids")
        when (what) {
            "open" -> {
                world.place = step.getJSONObject("place")
                val case = phone.openCase(world.place!!.text("address"), source(step.getJSONObject("source")))
                ids.put(script.text("name"), case.id().text)
                return
            }
            "sync" -> return sync()
            "back_up" -> { check(File(work, "store").copyRecursively(File(work, "copy"))); return }
            "restore" -> {
                phone.close()
                File(work, "store").deleteRecursively()
                check(File(work, "copy").renameTo(File(work, "store")))
                start()
                check(phone.verifyJournal().epochs == step.getInt("epochs").toUInt()) { "no new epoch" }
                return
            }
        }
        phone.case(CaseId(ids.getString(script.text("name")))).use { one(it, script, step, what) }
    }

    private fun one(case: FieldCase, script: JSONObject, step: JSONObject, what: String) {
        when (what) {
            "show_certificates" -> case.showCertificates()
            "photo" -> case.capture(
                direct(File(file.parentFile, "photos/${step.text("file")}").readBytes()),
                Shot(word(step.text("stage")), step.text("caption")))
            "offence" -> case.chooseOffence(
                step.text("offence"), world.now.minusSeconds(step.getLong("ago_s")), Private(step.text("fact")))
            "party" -> case.identifyParty(party(step))
            "answer" -> while (true) {
                val fact = case.questions().firstOrNull()?.fact ?: break
                val facts = step.getJSONObject("facts")
                check(facts.has(fact)) { "no answer to $fact" }
                case.answer(fact, value(facts.get(fact)), FactSource.OFFICER)
            }
            "tell" -> case.answer(step.text("fact"), value(step.get("value")), word(step.text("source")))
            "history" -> case.history()
            "prior_order" -> case.attachOrder(step.text("number"))
            "recheck" -> step.getBoolean("corrected").let {
                case.recheck(it, shown(case, if (it) Stage.CORRECTED else Stage.FACT))
            }
            "propose" -> {
                case.propose(choice(step))
                check(case.preview(Paper.MM58).png.take(4) == listOf<Byte>(-119, 80, 78, 71))
            }
            "notice" -> case.giveNotice(NoticeWay.ORAL)
            "statement" -> case.hearStatement(
                word(step.text("kind")), SignerRole.PARTY, Private(step.text("words")), step.text("review"),
                step.optBoolean("upheld"))
            "educate" -> case.educate(step.text("how"))
            "correction" -> case.seeCorrection(shown(case, Stage.CORRECTED))
            "decide" -> {
                val typed = step.optJSONArray("pins")?.strings() ?: crew.map { pins.getValue(it.text) }
                case.decide(crew.zip(typed).map { (officer, pin) -> case.confirm(officer, pin) }, choice(step))
            }
            "issue" -> issue(script, case)
            "print" -> {
                val number = issue(script, case).number
                val printed = case.print(Link(world, step.optJSONObject("fault")), step.optString("printer", "generic-58-gbk"), number)
                val got = when (printed.result) {
                    is PrintState.Printed -> "printed"
                    is PrintState.NotPrinted -> "not_printed"
                    is PrintState.Unknown -> "unknown"
                }
                check(got == step.optString("result", "printed")) { printed }
                check("441900" !in printed.reason) { "an exception's text was kept" }
            }
            "confirm_print" -> case.confirmPrint(case.look().papers.last().number, step.getBoolean("complete"))
            "look" -> {
                val view = case.look()
                check(view.phase == word<Phase>(step.text("phase"))) { view.phase }
                check(view.papers.last().look == step.optBoolean("look")) { view.papers }
            }
            "serve" -> {
                val evidence = if (step.text("act") != "signed") null else case.capture(
                    direct("strokes of ${script.text("name")}".toByteArray()),
                    Shot(Stage.SERVICE, "签收签名", "signature")).sha256
                case.serve(word(step.text("how")), signing(step, evidence))
            }
            "advise" -> case.advise(step.text("text"))
            "hand_over" -> case.handOver(
                step.optJSONObject("to")?.let { Destination.Organ(it.text("organ")) } ?: Destination.Ordinary,
                step.text("reason"))
            "close" -> case.closeCase(word(step.text("how")))
            else -> error("no such step: $what")
        }
    }

    private fun party(step: JSONObject): Party {
        fun about(name: String) = Private(step.text(name))
        val read = if (step.text("id_kind") == "resident_id") readResidentId(step.text("id_number"))?.born else null
        val born = step.text("born").takeIf(String::isNotEmpty)?.let(LocalDate::parse) ?: read
        return Party(
            word(step.text("kind")), about("name"), word(step.text("id_kind")), about("id_number"),
            word(step.text("identity")), born, about("address"), about("phone"), about("representative"),
            about("guardian"), about("plate"))
    }

    private fun issue(script: JSONObject, case: FieldCase): Slip {
        val serve = script.getJSONArray("steps").objects().find { it.text("do") == "serve" }
        val act = serve?.text("act") ?: "ink"
        return case.issue(Drawn(
            lead = strokes(), second = strokes(), party = if (act == "signed") strokes() else null,
            noPartyLine = act !in listOf("signed", "ink"), signing = serve?.let { signing(it) }))
    }

    private fun end(cases: List<JSONObject>) {
        sync()
        val lines = JSONArray()
        val numbers = mutableListOf<String>()
        for (script in cases) {
            val id = CaseId(at.getJSONObject("ids").getString(script.text("name")))
            val expect = script.getJSONObject("expect")
            if (expect.optBoolean("gone")) { // lost with the newer journal; HQ holds it
                val why = try { phone.case(id); null } catch (e: PhoneException.Input) { e.why }
                check(why?.code == "no_such_case") { "${script.text("name")} is still there" }
                continue
            }
            val case = phone.case(id)
            val view = case.look()
            val line = JSONObject()
                .put("name", script.text("name"))
                .put("phase", view.phase.name.lowercase())
                .put("outcome", view.outcome?.name?.lowercase() ?: JSONObject.NULL)
                .put("limb", view.decided?.limb?.name ?: JSONObject.NULL)
                .put("amount_fen", view.decided?.amount?.fen ?: 0)
                .put("papers", JSONArray(view.papers.map { it.number }))
                .put("events", JSONArray(case.events().map { it.kind }))
            for (key in expect.keys()) {
                check(line.get(key as String).toString() == expect.get(key).toString()) { "${script.text("name")} $key: $line" }
            }
            lines.put(line)
            numbers += view.papers.map { it.number }
        }
        check(numbers.size == numbers.toSet().size) { "a number on two papers" }
        val journal = phone.verifyJournal()
        check(journal.whole) { journal }
        check(world.changes > lines.length()) { "the observer heard nothing" }
        File(work, "summary.json").writeText(
            JSONObject().put("cases", lines).put("epochs", journal.epochs.toInt()).toString())
    }
}

fun main(args: Array<String>) = Player(File(args[0]).absoluteFile, File(args[1]).absoluteFile).play()
