// Every page of the Android demo, in words: ScreensKt WORK_FOLDER OUT_FOLDER. Buttons are tapped as an officer taps them,
// on a phone that is enrolled at a real HQ, and what stands on each page is written down. docs/screens keeps the last
// one; tests/bindings.sh compares.
import cn.ezhifa.demo.*
import cn.ezhifa.field.*
import java.io.File
import java.net.Socket
import java.nio.ByteBuffer
import java.time.Duration
import java.time.Instant

private class Hand(private val work: File, private val out: File, private val phone: FieldOffice) : Shell {
    private val words = StringBuilder()
    private val seen = mutableSetOf<String>()
    private var buttons = mapOf<String, () -> Unit>()
    private var fields = mapOf<String, StringBuilder>()
    private var title = ""
    private var pictures = 0
    var told = mutableListOf<String>()
    var taps = 0

    override fun <T> ask(call: FieldOffice.() -> T, done: (T) -> Unit) {
        val answer = try { phone.call() } catch (e: PhoneException) { return told(e.sentence) }
        done(answer)
    }

    override fun sync(done: () -> Unit) { phone.sync(); done() }
    override fun told(sentence: String) { told += sentence; words.append("> 提示：$sentence\n\n") }

    override fun show(title: String, back: () -> Unit, fill: Page.() -> Unit) {
        val lines = mutableListOf<String>()
        val below = mutableListOf<String>()
        val buttons = mutableMapOf<String, () -> Unit>()
        val fields = mutableMapOf<String, StringBuilder>()
        object : Page {
            override fun text(words: String, large: Boolean) { lines += if (large) "**$words**" else words }
            override fun check(words: String, ok: Boolean) { lines += (if (ok) "✓ " else "✗ ") + words }
            override fun field(hint: String, secret: Boolean, before: String): () -> String {
                lines += "［$hint${if (secret) "，不显示" else ""}${if (before.isEmpty()) "" else "：$before"}］"
                val typed = fields.getOrPut(hint) { StringBuilder(before) }
                return { typed.toString() }
            }
            override fun picture(png: ByteArray) {
                check(png.take(4) == listOf<Byte>(-119, 80, 78, 71))
                if (pictures++ == 0) File(out, "preview.png").writeBytes(png)
                lines += "![文书预览](preview.png)"
            }
            override fun glass(who: String): () -> Strokes? {
                lines += "〔签名板：$who〕"
                val pad = SignaturePad(300f, 120f).apply { down(10f, 10f); for (i in 1..20) move(i * 14f, 60f + i) }
                return { pad.strokes() }
            }
            override fun item(words: String, tapped: () -> Unit) { lines += "（$words）"; buttons[words] = tapped }
            override fun action(words: String, tapped: () -> Unit) { below += "【$words】"; buttons[words] = tapped }
        }.fill()
        this.buttons = buttons
        this.fields = fields
        this.title = title
        val page = "### $title\n\n" + (lines + below.joinToString(" ")).filter { it.isNotEmpty() }.joinToString("  \n") + "\n\n"
        // Seconds of this run are not what a page is about.
        val still = page.replace(Regex("相差-?\\d+秒"), "相差0秒").replace(Regex(" 19:0\\d"), " 19:00")
        if (seen.add(still)) words.append(still)
    }

    override fun camera(taken: (ByteBuffer) -> Unit) {
        taps += 1 // the shutter
        val jpeg = File("tests/scenarios/photos/dog-before.jpg").readBytes()
        taken(ByteBuffer.allocateDirect(jpeg.size).apply { put(jpeg); flip() })
    }
    override fun allowCaptures() {}
    override fun printers() = listOf("样例打印机", "缺纸的打印机")
    override fun connect(printer: String): PrinterLink {
        val file = if (printer == "样例打印机") "printer" else "printer-empty"
        val (host, port) = File(work, file).readText().trim().split(":")
        val socket = Socket(host, port.toInt())
        return SppLink(socket.getInputStream(), socket.getOutputStream(), socket::close)
    }
    override fun device() = Device(batteryPercent = 80, automaticTime = true)
    override fun network() = Network.ONLINE
    override fun here() = Fix(230270000, 1137850000, 800, "gnss")
    override fun inHand(case: CaseId?) {}
    override fun leave() {}

    fun on(page: String) = check(title.startsWith(page)) { "on $title, not on $page; told $told" }
    fun type(hint: String, words: String) { fields.entries.single { hint in it.key }.value.append(words) }
    fun tap(words: String) {
        taps += 1
        buttons.entries.first { it.key.startsWith(words) }.value()
    }
    fun heading(title: String) { words.append("## $title\n\n") }
    fun text() = words.toString().trimEnd() + "\n"
}

fun main(args: Array<String>) {
    val work = File(args[0]).absoluteFile
    val began = Instant.parse("2026-06-18T11:00:00Z")
    val started = System.nanoTime()
    var wrote = Duration.ZERO
    fun spent() = Duration.ofNanos(System.nanoTime() - started) + wrote
    val clock = object : PhoneClock {
        override fun now() = ClockStamp(began + spent(), spent().toMillis(), "boot-1")
    }
    val phone = FieldOffice.open("$work/store", "$work/mark", Keystore(), PhonePlatform(clock = clock))
    val out = File(args[1]).apply { mkdirs() }
    val hand = Hand(work, out, phone)
    val pages = Pages(hand) { began + spent() }

    hand.heading("上岗之前")
    pages.start()
    hand.on("注册本机")
    hand.type("注册票据", File(work, "ticket").readText())
    hand.tap("注册")
    hand.tap("上岗") // nobody is signed in yet: the law says why not
    hand.type("王建国 的口令", "246813")
    hand.tap("王建国 登录")
    hand.type("李秀英 的口令", "975310")
    hand.tap("李秀英 登录")
    hand.tap("上岗")
    hand.on("上岗检查")
    hand.tap("选择打印机")
    hand.tap("样例打印机")
    hand.tap("同步")

    hand.heading("办一件案")
    hand.tap("开始执法")
    hand.tap("犬粪未清") // no place yet
    check("地点" in hand.told.last()) { hand.told }
    hand.type("地点", "东城街道样例公园南门")
    hand.taps = 0
    hand.tap("犬粪未清")
    hand.type("证件识别文字", "姓名何样例\n住址东城街道样例花园3栋\n44190019780921215X")
    hand.tap("亮证，读取证件")
    hand.tap("与常见情形相同")
    hand.on("处理建议")
    hand.tap("已告知，听取陈述")
    hand.tap("未陈述申辩")
    hand.on("决定前核对")
    check(hand.taps <= 6) { "${hand.taps} taps from the tile to the decision, the hearing among them" }
    fun decide() {
        hand.on("决定前核对")
        hand.type("理由代码", "within_tier")
        hand.type("王建国 的口令", "246813")
        hand.type("李秀英 的口令", "975310")
        hand.tap("两人确认，作出决定")
    }
    decide()
    check("缴款码" in hand.told.last() && "已取到" in hand.told.last()) { hand.told }
    hand.tap("签发并打印")
    check(hand.told.last() == "已打印") { hand.told }
    File(out, "slip.png").writeBytes(phone.case(phone.cases(1u).single().id).render(Paper.MM58).png)
    hand.tap("当场交付，纸上签名")

    hand.heading("打印机坏了")
    pages.start()
    hand.tap("上岗")
    hand.tap("选择打印机")
    hand.tap("缺纸的打印机")
    fun again(number: String) {
        hand.on("执法")
        hand.tap("犬粪未清")
        hand.type("证件识别文字", "姓名样例当事人\n住址东城街道样例花园4栋\n$number")
        hand.tap("亮证，读取证件")
        hand.tap("与常见情形相同")
        hand.tap("已告知，听取陈述")
        hand.tap("未陈述申辩")
        decide()
        hand.on("现在不能打印")
    }
    hand.tap("开始执法")
    again("441900198505050213")
    hand.tap("填写预先编号的手写文书")
    hand.tap("这一张写坏了")
    hand.type("作废原因", "写错地址")
    hand.type("李秀英 的口令", "975310")
    hand.tap("登记作废")
    // The sheet says minutes, and lies after the photo of the fact: it takes a while to write.
    wrote = Duration.ofSeconds(61)
    val written = "%tR".format((began + spent()).atZone(beijing))
    hand.tap("拍摄填好的文书")
    hand.type("时间 HH:mm", written)
    hand.type("理由代码", "within_tier")
    hand.type("王建国 的口令", "246813")
    hand.type("李秀英 的口令", "975310")
    hand.tap("两人确认，补录")
    hand.tap("当场交付，纸上签名")
    pages.home()
    again("441900198505050432")
    hand.tap("当事人签订电子送达确认书")
    hand.type("电子邮箱", "sample@example.com")
    hand.tap("当事人已签确认书")
    decide()
    hand.tap("签发")
    hand.tap("已发到当事人的电子地址")
    pages.home()
    again("441900198505050651")
    hand.tap("不当场决定")
    hand.tap("转普通程序")
    hand.tap("签名、签发")
    pages.home()
    again("441900198505050870")
    hand.tap("换一台打印机")
    hand.tap("样例打印机")
    hand.on("决定前核对")
    hand.tap("两人确认") // without PINs: the phone says no
    hand.on("决定前核对")

    hand.heading("回看")
    pages.start()
    for (page in listOf("上岗检查", "开始执法", "查询", "最近案件")) {
        if (page == "上岗检查") { hand.tap("上岗") } else hand.tap(page)
    }
    hand.on("最近案件")

    hand.heading("进程中断之后")
    val left = phone.openCase("东城街道样例路1号")
    left.chooseOffence("dog-waste", began + spent(), Private("你遛狗时没有清除犬只粪便"))
    Pages(hand) { began + spent() }.start(left.id())
    hand.tap("接着办")
    hand.on("违法现场")

    File(out, "android.md").writeText(hand.text())
    println("Kotlin: every page of the demo, ${hand.text().lines().count { it.startsWith("### ") }} of them")
}
