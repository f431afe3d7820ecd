package cn.ezhifa.demo

import cn.ezhifa.field.*
import java.io.ByteArrayOutputStream
import java.io.File
import java.io.PipedInputStream
import java.io.PipedOutputStream
import java.net.Socket
import java.nio.ByteBuffer
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.time.Duration
import java.time.Instant
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.Test

/** Keys in memory and a clock that began with the scenario's evening. */
private class TestPhone : PhoneKeys, PhoneClock {
    private val pair =
        KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
    private val began = Instant.parse("2026-06-18T11:00:00Z")
    private val started = System.nanoTime()

    private var waited = Duration.ZERO

    private fun elapsed() = Duration.ofNanos(System.nanoTime() - started) + waited

    /** Somebody writes for so long. */
    fun wait(time: Duration) { waited += time }
    fun time(): Instant = began + elapsed()
    override fun databaseKey() = ByteArray(32) { 7 }
    override fun devicePublicKey() = pair.public.encoded.takeLast(65).toByteArray()
    override fun sign(message: ByteArray): ByteArray =
        Signature.getInstance("SHA256withECDSA").run { initSign(pair.private); update(message); sign() }
    override fun now() = ClockStamp(time(), elapsed().toMillis(), "boot-1")
}

/** tests/bindings.sh starts an HQ and a printer and names their folder. */
private object Duty {
    val work = File(System.getProperty("ezhifa.work"))
    private val test = TestPhone()
    val phone: FieldOffice = FieldOffice.open("$work/store", "$work/mark", test, PhonePlatform(clock = test)).apply {
        enrol(File(work, "ticket").readText().trim())
        check(sync().done)
        signIn(OfficerId("o-101"), "246813")
        signIn(OfficerId("o-102"), "975310")
        setCrew(OfficerId("o-101"), OfficerId("o-102"))
    }
    fun time() = test.time()
    fun wait(time: Duration) = test.wait(time)
    val pins = listOf(OfficerId("o-101") to "246813", OfficerId("o-102") to "975310")

    /** 「样例打印机」, 「缺纸的打印机」, and any other name: switched off. */
    fun connect(printer: String): PrinterLink {
        val file = mapOf("样例打印机" to "printer", "缺纸的打印机" to "printer-empty")[printer] ?: throw AppException.Failed("连不上")
        val (host, port) = File(work, file).readText().trim().split(":")
        val socket = Socket(host, port.toInt())
        return SppLink(socket.getInputStream(), socket.getOutputStream(), socket::close)
    }

    /** Numbers of every series that are used up so far. */
    fun used() = phone.status().numbers.sumOf { it.reserved + it.issued + it.void }
}

private fun direct(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).apply { put(bytes); flip() }

private val dog = Favourite(
    "dog-waste", "犬粪未清", "你遛狗时没有清除犬只粪便",
    mapOf(
        "dog_waste" to Value.Bool(true), "cleaned_at_once" to Value.Bool(false), "items" to Value.Int(1),
        "minor" to Value.Bool(false), "harm" to Value.Choice("slight"), "corrected" to Value.Bool(false),
        "age_band" to Value.Choice("adult"),
    ),
)

/** A case of its own that is heard. */
private fun heard(name: String, number: String): NewCase = NewCase(Duty.phone, Duty::time).apply {
    start(dog, "东城街道样例公园北门")
    shoot(direct("jpeg of $name".toByteArray()), "违法现场")
    identify(Read(name, number))
    asUsual()
    notified()
    heard()
}

class FieldKitTest {
    @Test
    fun `six taps from the home screen to the decision, the hearing among them`() {
        val new = NewCase(Duty.phone, Duty::time)
        new.start(dog, "东城街道样例公园南门")
        new.shoot(direct("jpeg".toByteArray()), "违法现场")
        val card = assertNotNull(readCard(listOf("姓 名 何样例", "住址东城街道样例花园3栋", "44190019780921215X")))
        new.identify(card)
        new.asUsual()
        assertEquals(emptyList(), new.questions)
        val proposal = assertNotNull(new.proposal)
        assertTrue(proposal.reasons.isNotEmpty() && proposal.basis.isNotEmpty())
        new.notified()
        new.heard()
        assertEquals(Screen.DECISION, new.screen)
        assertTrue(new.taps <= 6, "${new.taps} taps")

        // The process dies here: the case goes on where it was.
        val again = NewCase(Duty.phone, Duty::time).apply { resume(Duty.phone.case(new.case.id()), listOf(dog)) }
        assertEquals(Screen.DECISION, again.screen)

        // What was tapped is enough: the officers may decide now.
        val before = day(Duty.phone, Duty.time().atZone(beijing).toLocalDate())
        val decided = new.case.decide(new.case.confirmedBy(Duty.pins), chosen("within_tier"))
        assertEquals(Outcome.FINE, decided.outcome)

        // Without a signal no code comes and nothing waits; with one it is on the paper.
        assertTrue(Duty.phone.payCode(new.case, Network.OFFLINE).startsWith("没有取到缴款码"))
        val line = Duty.phone.payCode(new.case, Network.ONLINE)
        val code = assertNotNull(Regex("[0-9]{20}").find(line)?.value, line)

        // And the paper comes out of the printer, through the Bluetooth link of the demo.
        new.case.issue()
        assertTrue(code in new.case.render(Paper.MM58).text.filterNot { it.isWhitespace() })
        assertEquals("已打印", honest(new.case.print(Duty.connect("样例打印机"), PRINTER_KIND)))
        val today = day(Duty.phone, Duty.time().atZone(beijing).toLocalDate())
        assertEquals(listOf(0, 1, 0), listOf(today.cases - before.cases, today.fined - before.fined, today.notPunished - before.notPunished))
        assertEquals(decided.amount.fen, today.fen - before.fen)
    }

    @Test
    fun `a printer that cannot print is told with the ways out, and no number is used`() {
        val used = Duty.used()
        val empty = askPrinter("缺纸的打印机", Duty::connect)
        assertEquals(listOf(false, PaperState.OUT), listOf(empty.canPrint, empty.paper))
        assertTrue(empty.said.startsWith("缺纸"), empty.said)
        val ways = listOf("mend", "another_printer", "hand_written", "electronic_service", "ordinary_procedure")
        assertEquals(ways, empty.ways.map { it.way })
        assertEquals(ways, askPrinter("关着的打印机", Duty::connect).ways.map { it.way })
        assertEquals(ways, askPrinter(null, Duty::connect).ways.map { it.way })
        val fine = askPrinter("样例打印机", Duty::connect)
        assertEquals(listOf(true, PaperState.OK), listOf(fine.canPrint, fine.paper))
        assertEquals(used, Duty.used())
    }

    @Test
    fun `a sheet written by hand is keyed in with its photo, time and both officers`() {
        val case = heard("何手写", "441900198505050213").case
        val way = WithoutPrinter(Duty.phone, case, Duty::time)
        val spoiled = assertNotNull(way.sheet().number)
        assertEquals(spoiled, way.spoil("写坏", Duty.pins[1].second))
        val number = assertNotNull(way.sheet().number)
        assertTrue(number != spoiled && "手" in number, number)
        Duty.wait(Duration.ofSeconds(61)) // the sheet says minutes, and lies after the photo of the fact
        val clock = "%tR".format(Duty.time().atZone(beijing))
        val at = assertNotNull(way.writtenAt(clock))
        assertEquals("hand_paper_not_photographed", assertFailsWith<PhoneException> { way.keyIn(at, Duty.pins) }.why.code)
        way.photograph(direct("jpeg of the sheet".toByteArray()))
        assertNotNull(way.sheet().photo)
        val decided = way.keyIn(at, Duty.pins, "within_tier")
        assertEquals(listOf(number, at), listOf(decided.number, decided.at))
        assertEquals(Phase.PRINTED, case.look().phase, "nothing is left to print")
        assertTrue(way.sheet().photo == null, "the next sheet has no photo yet")
    }

    @Test
    fun `the time on a sheet is the last one that was so late`() {
        val way = WithoutPrinter(Duty.phone, heard("何时", "441900198505050870").case) { Instant.parse("2026-06-18T16:05:00Z") } // 00:05 in Dongguan
        assertEquals(Instant.parse("2026-06-18T15:50:00Z"), way.writtenAt("23:50"))
        assertEquals(Instant.parse("2026-06-18T16:01:00Z"), way.writtenAt(" 00:01"))
        assertNull(way.writtenAt("七点"))
    }

    @Test
    fun `with a signed consent the decision is served electronically and nothing is printed`() {
        val case = heard("何电子", "441900198505050432").case
        val pad = SignaturePad(300f, 120f).apply { down(10f, 10f); for (i in 1..20) move(i * 14f, 60f + i) }
        WithoutPrinter(Duty.phone, case, Duty::time).consents("sample@example.com", pad.strokes())
        val held = case.look().evidence.last()
        assertEquals("signature", held.kind)
        assertTrue("<polyline" in Duty.phone.evidence(held.sha256).decodeToString())
        assertTrue(case.look().eService)
        case.decide(case.confirmedBy(Duty.pins), chosen("within_tier"))
        case.issue()
        assertEquals(Phase.SERVED, case.servedElectronically())
        assertTrue(!case.look().papers.single().printed)
        val other = heard("何不同意", "441900198505050651").case
        other.decide(other.confirmedBy(Duty.pins), chosen("within_tier"))
        other.issue()
        assertEquals("no_e_service_consent", assertFailsWith<PhoneException> { other.servedElectronically() }.why.code)
    }

    @Test
    fun `a case goes to the ordinary procedure and no decision is made`() {
        val case = heard("何普通", "441900198505050870").case
        assertEquals(Phase.HANDED_OVER, WithoutPrinter(Duty.phone, case, Duty::time).ordinary("打印机不能打印"))
        assertNull(case.look().decided)
    }

    @Test
    fun `how far, in words`() {
        val here = Fix(230270000, 1137850000, 800, "gnss")
        assertEquals("11米 ", far(here, 230271000, 1137850000))
        assertEquals("1.0公里 ", far(here, 230360000, 1137850000))
        assertEquals("", far(here, null, null))
        assertEquals("", far(null, 230271000, 1137850000))
    }

    @Test
    fun `readiness shows what is missing first, and the paper as the printer tells it`() {
        fun lines(printer: String?) =
            readiness(Duty.phone, printer?.let { CrewPrinter(it, askPrinter(it, Duty::connect)) }, Device(batteryPercent = 12, automaticTime = true))
        val without = lines(null)
        assertEquals(
            listOf("未连接打印机", "打印纸：未连接打印机，不知道", "电量 12%"),
            without.filterNot { it.ok }.map { it.text }.filter { "打印" in it || "电量" in it },
        )
        assertTrue(without.last().ok && !without.first().ok)
        assertTrue(without.any { it.text.startsWith("规则包") && it.ok })
        assertTrue(Check("打印纸正常", true) in lines("样例打印机") && Check("打印机：样例打印机", true) in lines("样例打印机"))
        val empty = lines("缺纸的打印机")
        assertTrue(Check("打印机缺纸", false) in empty, "$empty")
        assertTrue(empty.any { it.text.startsWith("打印机：缺纸的打印机，缺纸：") && !it.ok }, "$empty")
    }

    @Test
    fun `low energy goes in packets, one at a time, and waits for the stack`() {
        val packets = mutableListOf<Int>()
        lateinit var link: BleLink
        val pipe = object : BlePipe {
            override fun send(packet: ByteArray): Boolean { packets += packet.size; return true }
            override fun close() = link.ended()
        }
        link = BleLink(pipe, mtu = 185, withResponse = false, patienceMs = 20)
        val slip = ByteArray(400)
        assertEquals(182u, link.write(slip))
        assertEquals(0u, link.write(slip), "the stack has not taken the first packet yet")
        link.written()
        assertEquals(182u, link.write(slip))
        assertEquals(listOf(182, 182), packets)
        link.received(byteArrayOf(1, 2, 3))
        assertEquals(listOf<Byte>(1, 2), link.read(2u, 10u).toList())
        assertEquals(listOf<Byte>(3), link.read(2u, 10u).toList())
        assertEquals(0, link.read(2u, 10u).size)
        assertTrue(!link.lossless(), "a lost packet would not be told")
        link.end()
        assertFailsWith<AppException.Closed> { link.write(slip) }
    }

    @Test
    fun `a serial link reads with a time limit and notices the end`() {
        val printerSays = PipedOutputStream()
        val sent = ByteArrayOutputStream()
        val link = SppLink(PipedInputStream(printerSays), sent) {}
        assertEquals(0, link.read(10u, 30u).size, "nothing came, and it did not wait for ever")
        printerSays.write(18); printerSays.flush()
        assertEquals(listOf<Byte>(18), link.read(10u, 2000u).toList())
        assertEquals(3u, link.write(byteArrayOf(1, 2, 3)))
        assertEquals(3, sent.size())
        printerSays.close()
        assertFailsWith<AppException.Closed> { repeat(50) { link.read(10u, 100u) } }
    }

    @Test
    fun `a signature fits its box, a blank one is seen`() {
        val pad = SignaturePad(1080f, 400f)
        pad.down(10f, 10f)
        assertTrue(pad.isBlank)
        for (i in 1..100) pad.move(i * 12f, i * 5f)
        assertTrue(!pad.isBlank)
        assertTrue(pad.strokes().lines.flatten().all { it.x <= 160u && it.y <= 64u })
    }

    @Test
    fun `a card is read by its check digit`() {
        assertEquals("何样例", readCard(listOf("姓名何样例", "公民身份号码 44190019780921215X"))?.name)
        assertNull(readCard(listOf("姓名何样例", "441900197809212150")), "the check digit is wrong")
    }

    @Test
    fun `personal data stays out of what is printed by accident`() {
        assertEquals("‹3 字›", Private("何样例").toString())
        val card = assertNotNull(readCard(listOf("44190019780921215X")))
        assertTrue("44190019780921215X" !in Private(card.number).toString())
    }
}
