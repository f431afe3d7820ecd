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

    private fun elapsed() = Duration.ofNanos(System.nanoTime() - started)
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
        val both = listOf("o-101" to "246813", "o-102" to "975310").map { (o, pin) -> new.case.confirm(OfficerId(o), pin) }
        val decided = new.case.decide(both, Choice(null, null, "within_tier"))
        assertEquals(Outcome.FINE, decided.outcome)

        // And the paper comes out of the printer, through the Bluetooth link of the demo.
        new.case.issue()
        val (host, port) = File(Duty.work, "printer").readText().trim().split(":")
        val socket = Socket(host, port.toInt())
        val printed = new.case.print(SppLink(socket.getInputStream(), socket.getOutputStream(), socket::close), "generic-58-gbk")
        assertEquals("已打印", honest(printed))
        val today = day(Duty.phone, Duty.time().atZone(beijing).toLocalDate())
        assertEquals(listOf(1, 1, 0), listOf(today.cases, today.fined, today.notPunished))
        assertEquals(decided.amount.fen, today.fen)
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
    fun `readiness shows what is missing first`() {
        val lines = readiness(Duty.phone, Device(printer = null, paper = null, batteryPercent = 12, automaticTime = true))
        assertEquals(listOf("未连接打印机", "电量 12%"), lines.filterNot { it.ok }.map { it.text }.filter { "打印机" in it || "电量" in it })
        assertTrue(lines.last().ok && !lines.first().ok)
        assertTrue(lines.any { it.text.startsWith("规则包") && it.ok })
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
