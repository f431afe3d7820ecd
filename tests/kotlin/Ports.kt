// What an app hands in, from Kotlin: PortsKt WORK_FOLDER. tests/python/ports.py says what it does.
import cn.ezhifa.field.*
import java.io.File
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest as JavaRequest
import java.net.http.HttpResponse as JavaResponse
import java.nio.ByteBuffer
import java.security.KeyStore
import java.security.cert.CertificateFactory
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.util.zip.ZipFile
import javax.net.ssl.SSLContext
import javax.net.ssl.TrustManagerFactory

private const val RARE = "\uD883\uDEDE" // 𰻞: no font of the library has it
private const val SECRET = "张三 441900199001011234"
private val crew = mapOf(OfficerId("o-101") to "246813", OfficerId("o-102") to "975310")
private val dog = mapOf(
    "dog_waste" to Value.Bool(true), "cleaned_at_once" to Value.Bool(false), "items" to Value.Int(1),
    "minor" to Value.Bool(false), "harm" to Value.Choice("slight"), "corrected" to Value.Bool(false),
)

/** What the app notes, and how its traits behave at the moment. */
private object App {
    var phone: FieldOffice? = null
    var throws = false
    var cut = false
    var stop = false
    private var within = false
    val lines = mutableListOf<Pair<LogLevel, String>>()
    val changes = mutableListOf<Change>()
    var steps = 0
    var requests = 0
    val glyphs = mutableListOf<String>()

    /** Every trait: an accident when the test wants one, else calls of the phone from inside, one that writes among them. */
    fun inside() {
        if (throws) throw IllegalStateException(SECRET)
        val phone = phone
        if (phone == null || within) return
        within = true
        try {
            if (phone.isEnrolled()) { phone.useDrills(); phone.cases(1u) }
        } finally {
            within = false
        }
    }
}

/** The keystore of the first call, which may fail. */
private class FailingKeys : PhoneKeys {
    private val keys = Keystore()
    override fun databaseKey() = keys.databaseKey()
    override fun devicePublicKey() = keys.devicePublicKey()
    override fun sign(message: ByteArray): ByteArray { App.inside(); return keys.sign(message) }
}

private object Clocks : PhoneClock {
    private val began = Instant.parse("2026-06-18T11:00:00Z")
    private val started = System.nanoTime()
    private fun spent() = Duration.ofNanos(System.nanoTime() - started)
    fun time(): Instant = began + spent()
    override fun now(): ClockStamp { App.inside(); return ClockStamp(time(), spent().toMillis(), "boot-1") }
}

private object Here : PhoneLocation {
    override fun here(): Fix { App.inside(); return Fix(230270000, 1137850000, 800, "gnss") }
}

private object Fonts : PhoneGlyphs {
    override fun glyph(character: String, px: UShort): Glyph {
        App.inside()
        App.glyphs += character
        val row = (px.toInt() + 7) / 8
        return Glyph(px, px, ByteArray(row * px.toInt()) { if (it < row) -1 else if (it % row == 0) -128 else 0 })
    }
}

private object Lines : PhoneLog {
    override fun log(level: LogLevel, text: String) { App.lines += level to text; App.inside() }
}

private object Screens : PhoneObserver {
    override fun changed(what: Change) { App.changes += what; App.inside() }
}

private object Steps : SyncProgress {
    override fun step(at: SyncStep): Boolean { App.steps += 1; App.inside(); return !App.stop }
}

private object Broken : SyncProgress {
    override fun step(at: SyncStep): Boolean = throw IllegalStateException(SECRET)
}

private object Http : PhoneTransport {
    private var client: HttpClient? = null

    private fun trusting(ca: String): HttpClient {
        val store = KeyStore.getInstance(KeyStore.getDefaultType()).apply {
            load(null)
            setCertificateEntry("hq", CertificateFactory.getInstance("X.509").generateCertificate(ca.byteInputStream()))
        }
        val trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm()).apply { init(store) }
        val tls = SSLContext.getInstance("TLS").apply { init(null, trust.trustManagers, null) }
        return HttpClient.newBuilder().sslContext(tls).followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1).build()
    }

    override fun send(request: HttpRequest): HttpResponse {
        App.requests += 1
        if (App.cut) throw IllegalStateException(SECRET)
        App.inside()
        val body = if (request.body.isEmpty()) JavaRequest.BodyPublishers.noBody() else JavaRequest.BodyPublishers.ofByteArray(request.body)
        val asked = JavaRequest.newBuilder(URI(request.url)).method(request.method, body)
        request.headers.filter { it.name != "content-length" && it.name != "host" }.forEach { asked.header(it.name, it.value) }
        val client = client ?: trusting(request.ca).also { client = it }
        val answer = client.send(asked.build(), JavaResponse.BodyHandlers.ofByteArray())
        val headers = answer.headers().map().flatMap { (name, values) -> values.map { HttpHeader(name, it) } }
        return HttpResponse(answer.statusCode().toUShort(), headers, answer.body())
    }
}

private class CallingLink : PrinterLink {
    var ended = false
    override fun write(bytes: ByteArray): UInt { App.inside(); throw IllegalStateException(SECRET) }
    override fun read(most: UInt, withinMs: UInt): ByteArray { App.inside(); Thread.sleep(withinMs.toLong()); return ByteArray(0) }
    override fun lossless(): Boolean { App.inside(); return true }
    override fun end() { ended = true; App.inside() }
}

private fun refused(code: String, call: () -> Unit): PhoneException {
    val e = refused<PhoneException>(call)
    check(e.why.code == code) { "${e.why.code}, not $code: $e" }
    check("441900" !in e.toString()) { "an exception's text was kept" }
    check(e.message == e.toString() && e.toString().startsWith(e.why.zh) && e.why.en in e.toString()) { e }
    return e
}

/** The call while everything that the app handed in throws. */
private fun <T> thrown(call: () -> T): T {
    App.throws = true
    try { return call() } finally { App.throws = false }
}

private fun direct(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).apply { put(bytes); flip() }

/** A case with everything but the notice. */
private fun gathered(phone: FieldOffice, name: String): FieldCase {
    val case = phone.openCase("东城街道样例公园南门")
    case.showCertificates()
    case.capture(direct("jpeg".toByteArray()), Shot(Stage.FACT, "违法现场"))
    case.chooseOffence("dog-waste", Clocks.time(), Private("你遛狗时没有清除犬只粪便"))
    val none = Private("")
    case.identifyParty(Party(
        PartyKind.CITIZEN, Private(name), IdKind.RESIDENT_ID, Private("44190019780921215X"), Identity.DOCUMENT_READ,
        LocalDate.of(1978, 9, 21), Private("东城街道样例花园3栋"), none, none, none, none))
    case.history()
    while (true) {
        val fact = case.questions().firstOrNull()?.fact ?: break
        case.answer(fact, dog.getValue(fact), FactSource.OFFICER)
    }
    case.propose()
    return case
}

fun main(args: Array<String>) {
    val work = File(args[0]).absoluteFile
    val platform = PhonePlatform(
        app = "ports", clock = Clocks, location = Here, glyphs = Fonts, log = Lines, observer = Screens, transport = Http)
    val phone = FieldOffice.open("$work/store", "$work/mark", FailingKeys(), platform)
    App.phone = phone

    val ticket = File(work, "ticket").readText().trim()
    thrown { refused("not_enrolled") { phone.readiness() } }
    thrown { refused("device_key") { phone.enrol(ticket) } }
    phone.enrol(ticket)
    check(App.requests > 0) { "the platform's own way to HQ was not used" }
    check(App.lines.none { SECRET in it.second } && LogLevel.WARNING to "readiness: not_enrolled" in App.lines) { App.lines }

    App.stop = true
    check(phone.sync(Steps).cancelled)
    App.stop = false
    val stopped = phone.sync(Broken)
    check(stopped.cancelled && "441900" !in stopped.why) { stopped }
    val asked = App.requests
    repeat(3) { check(phone.sync(Steps).done) }
    check(App.requests > asked && App.steps > 2)
    App.cut = true
    val offline = phone.sync()
    App.cut = false
    check(!offline.done && offline.why.isNotEmpty() && "441900" !in offline.why) { offline }
    thrown { refused("device_key") { phone.sync() } }

    crew.forEach { (officer, pin) -> phone.signIn(officer, pin) }
    crew.keys.toList().let { phone.setCrew(it[0], it[1]) }
    check(Change.People in App.changes && Change.Sync in App.changes) { App.changes }

    val place = thrown { phone.openCase("东城街道样例路1号") }.look().place!!
    check(place.source == "typed" && place.latE7 == null && place.address == "东城街道样例路1号") { place.source }
    check(phone.openCase("东城街道样例路1号").look().place!!.latE7 == 230270000L)

    val case = gathered(phone, "何$RARE")
    check("30EDE" in thrown { refused("slip") { case.preview(Paper.MM58) } }.why.zh)
    check(case.preview(Paper.MM58).png.take(4) == listOf<Byte>(-119, 80, 78, 71) && RARE in App.glyphs)
    case.giveNotice(NoticeWay.ORAL)
    case.hearStatement(StatementKind.NOT_MADE, SignerRole.PARTY, Private(""), "", false)
    case.decide(crew.map { (officer, pin) -> case.confirm(officer, pin) }, Choice(null, null, "within_tier"))

    thrown { refused("device_key") { case.issue() } }
    check(case.look().phase == Phase.DECIDED)
    case.issue()

    val unused = CallingLink()
    thrown { refused("slip") { case.print(unused, "generic-58-gbk") } }
    check(unused.ended) { "a print that is refused ends the connection too" }
    val link = CallingLink()
    val printed = case.print(link, "generic-58-gbk")
    check(printed.result !is PrintState.Printed && "441900" !in printed.reason && link.ended) { printed }

    val waiting = phone.status().unsyncedEntries
    val wishes = CaseFileWishes(Audience.COURT, "o-101", "样例：法院调卷")
    val made = case.export("$work/case.zip", wishes)
    check(made.members > 5uL && made.findings.all { it.ok }) { made }
    ZipFile(File(work, "case.zip")).use { zip -> check(zip.getEntry("manifest.json") != null && zip.getEntry("report.html") != null) }
    check(!File(work, "case.zip.part").exists() && phone.status().unsyncedEntries == waiting + 1uL)
    refused("case_file") { case.export("$work/no/folder.zip", wishes) }
    refused("no_such_evidence") {
        case.export("$work/case.zip", wishes.copy(withholdEvidence = listOf(Withheld("no hash", "样例"))))
    }

    thrown { phone.status() }
    check(phone.verifyJournal().whole)
    println("Kotlin: what the app hands in: ok")
    kotlin.system.exitProcess(0) // the HTTP client keeps threads
}
