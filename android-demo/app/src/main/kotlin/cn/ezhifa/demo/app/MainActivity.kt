package cn.ezhifa.demo.app

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.os.BatteryManager
import android.os.Build
import android.os.Bundle
import android.provider.Settings
import android.widget.Toast
import cn.ezhifa.demo.*
import cn.ezhifa.field.*
import java.time.Instant
import java.time.LocalDate

/**
 * Every screen of the demo. A screen is a function that fills a [Page] and asks the phone; what is shown always
 * comes from the phone, so the process may die at any moment: the case in hand is found again by its id.
 */
class MainActivity : Activity() {
    private val app get() = application as DemoApp
    private val printers by lazy { Printers(this) }
    private val pins = mutableMapOf<OfficerId, Boolean>()
    private var new: NewCase? = null
    private var printer: String? = null
    private var again: () -> Unit = {}

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        val case = state?.getString("case")
        start()
        if (case != null) ask({ case(CaseId(case)) }) { inHand(it) }
    }

    override fun onSaveInstanceState(out: Bundle) {
        super.onSaveInstanceState(out)
        current?.let { out.putString("case", it.text) }
    }

    override fun onResume() {
        super.onResume()
        app.watcher = { if (it is Change.Sync) Toast.makeText(this, "已同步", Toast.LENGTH_SHORT).show() }
    }

    override fun onPause() {
        app.watcher = null
        super.onPause()
    }

    @Deprecated("The framework's own way, without AndroidX")
    override fun onBackPressed() = again()

    private var current: CaseId? = null

    private fun <T> ask(call: FieldOffice.() -> T, done: (T) -> Unit) = app.ask(call, ::told, done)

    /** A refusal is an answer: reason, article, next step, as the phone says them. */
    private fun told(sentence: String) = Toast.makeText(this, sentence, Toast.LENGTH_LONG).show()

    private fun page(title: String, back: () -> Unit, fill: Page.() -> Unit) {
        again = back
        Page(this, title).apply(fill).show()
    }

    // ---- before the shift ----------------------------------------------------------------------

    private fun start(): Unit = ask({ isEnrolled() }) { if (it) signIn() else enrol() }

    private fun enrol(): Unit = page("注册本机", ::finish) {
        val ticket = field("扫描或粘贴注册票据 ezhifa:{…}")
        action("注册") { ask({ enrol(ticket.text.toString().trim()); sync() }) { signIn() } }
    }

    private fun signIn(): Unit = ask({ roster() }) { roster ->
        page("两人登录", ::finish) {
            val today = LocalDate.now(beijing)
            for (officer in roster.filter { it.kind == OfficerKind.CERTIFIED }) {
                val valid = today in officer.validFrom..officer.validTo
                check("${officer.name} ${officer.certificate}，证件有效期至 ${officer.validTo}", valid)
                if (!valid || pins[officer.id] == true) continue
                val pin = field("${officer.name} 的口令", secret = true)
                item("${officer.name} 登录") {
                    val typed = pin.text.toString()
                    ask({ signIn(officer.id, typed) }) { pins[officer.id] = true; signIn() }
                }
            }
            action("上岗") {
                val two = pins.keys.toList()
                if (two.size < 2) told("两名执法人员须各自登录（行政处罚法第四十二条第一款）")
                else ask({ setCrew(two[0], two[1]) }) { ready() }
            }
        }
    }

    private fun ready() {
        val battery = (getSystemService(BATTERY_SERVICE) as BatteryManager).getIntProperty(BatteryManager.BATTERY_PROPERTY_CAPACITY)
        val automatic = Settings.Global.getInt(contentResolver, Settings.Global.AUTO_TIME, 0) == 1
        ask({ readiness(this, Device(printer, null, battery, automatic)) to status() }) { (lines, status) ->
            page("上岗检查", ::finish) {
                lines.forEach { check(it.text, it.ok) }
                text(syncLine(status))
                status.filingDue?.let { text("最早备案期限：${it.atZone(beijing).toLocalDateTime()}") }
                item("选择打印机") { choosePrinter() }
                item("同步") { app.sync(::told) { ready() } }
                action("开始执法") { home() }
            }
        }
    }

    private fun choosePrinter() {
        if (Build.VERSION.SDK_INT >= 31 && checkSelfPermission(Manifest.permission.BLUETOOTH_CONNECT) != PackageManager.PERMISSION_GRANTED) {
            requestPermissions(arrayOf(Manifest.permission.BLUETOOTH_CONNECT), 1)
            return
        }
        page("已配对的打印机", ::ready) {
            for (name in printers.paired().keys) item(name) { printer = name; ready() }
            text("新打印机请先在系统设置中配对。")
        }
    }

    // ---- the shift -----------------------------------------------------------------------------

    private fun home(): Unit = ask({ Triple(leads(), openOrders(), offences().associate { it.id to it.name }) }) { (leads, orders, names) ->
        current = null
        new = null
        page("执法", ::ready) {
            text("常见案由")
            for (favourite in favourites.filter { it.offence in names }) item(favourite.title) { begin(favourite, null) }
            text("线索")
            leads.forEach { item("${it.place}：${it.text}") { begin(favourites.first(), sourceOf(it)) } }
            text("待复查的责令改正")
            orders.forEach { text("${it.number} ${it.place}，期限 ${it.due.atZone(beijing).toLocalDateTime()}") }
            action("查询") { search() }
            action("今日小结") { today() }
            action("同步状态") { ready() }
        }
    }

    private fun sourceOf(lead: Lead): Source = when (lead.source) {
        "citizen_report" -> Source.CitizenReport(lead.lead)
        "video_lead" -> Source.VideoLead(lead.lead, lead.auditedBy)
        "petition" -> Source.Petition(lead.lead)
        "drone" -> Source.Drone(lead.lead)
        "patrol" -> Source.PatrolLead(lead.lead)
        else -> Source.OtherOrgan(lead.lead)
    }

    private fun begin(favourite: Favourite, source: Source?) {
        if (checkSelfPermission(Manifest.permission.ACCESS_FINE_LOCATION) != PackageManager.PERMISSION_GRANTED) {
            requestPermissions(arrayOf(Manifest.permission.ACCESS_FINE_LOCATION, Manifest.permission.CAMERA), 2)
        }
        page(favourite.title, ::home) {
            val address = field("地点（门牌）")
            action("开始取证") {
                val typed = address.text.toString()
                ask({ NewCase(this).apply { start(favourite, typed, source) } }) {
                    new = it
                    current = it.case.id()
                    camera(Stage.FACT)
                }
            }
        }
    }

    private var stage = Stage.FACT

    private fun camera(of: Stage) {
        stage = of
        startActivityForResult(Intent(this, CameraActivity::class.java), CAMERA)
    }

    @Deprecated("The framework's own way, without AndroidX")
    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        val flow = new ?: return
        val jpeg = CameraActivity.taken.getAndSet(null)
        if (request != CAMERA || result != RESULT_OK || jpeg == null) return
        // Hashed and sealed before anything is shown.
        ask({ flow.shoot(jpeg, if (stage == Stage.FACT) "违法现场" else "改正后", stage) }) {
            if (stage == Stage.FACT) party(flow) else afterProposal(flow)
        }
    }

    private fun party(flow: NewCase): Unit = page("当事人", ::home) {
        val scanned = field("粘贴证件识别文字，或输入身份证号")
        val name = field("姓名或名称")
        action("亮证，读取证件") {
            val lines = scanned.text.toString().lines()
            val typed = name.text.toString()
            ask({
                val read = readCard(lines) ?: Read(typed, identity = Identity.DECLARED)
                flow.identify(if (read.name.isEmpty()) read.copy(name = typed) else read)
            }) { questions(flow) }
        }
        action("拒绝表明身份") { ask({ flow.identify(Read(identity = Identity.REFUSED)) }) { questions(flow) } }
    }

    private fun questions(flow: NewCase): Unit = page("事实", ::home) {
        for (question in flow.questions) {
            text(question.text)
            if (question.help.isNotEmpty()) text(question.help, 14f)
            fun answer(value: Value) = ask({ flow.answer(question.fact, value) }) { next(flow) }
            when (val kind = question.answer) {
                is AnswerKind.Bool -> {
                    item("是") { answer(Value.Bool(true)) }
                    item("否") { answer(Value.Bool(false)) }
                }
                is AnswerKind.Choice -> kind.options.forEach { item(it.label) { answer(Value.Choice(it.value)) } }
                is AnswerKind.Int -> {
                    val typed = field("${kind.unit}（小数 ${kind.decimals} 位）")
                    item("确定") {
                        val stored = typed.text.toString().toBigDecimalOrNull()?.scaleByPowerOfTen(kind.decimals.toInt())?.toLong()
                        if (stored == null) told("请输入数字") else answer(Value.Int(stored))
                    }
                }
            }
            item("不清楚") { answer(Value.Unknown) }
        }
        action("与常见情形相同") { ask({ flow.asUsual() }) { next(flow) } }
    }

    private fun next(flow: NewCase): Unit = if (flow.proposal == null) questions(flow) else afterProposal(flow)

    private fun afterProposal(flow: NewCase) {
        val proposal = flow.proposal ?: return questions(flow)
        page("处理建议", ::home) {
            val money = if (proposal.amount.fen > 0) proposal.amount.yuan() else ""
            text("${proposal.offenceName}：${proposal.outcomeName} $money", 22f)
            if (proposal.provisional) text("首次违法以指挥中心复核为准")
            proposal.reasons.forEach { text("${it.text}\n${it.citations.joinToString("")}") }
            proposal.duties.forEach { text("还须：${dutyWords.getValue(it)}") }
            item("改正后拍照") { camera(Stage.CORRECTED) }
            item("已改正") { ask({ flow.corrected(); flow.case.propose() }) { afterProposal(flow) } }
            item("已教育") { ask({ flow.educated("当面讲解") }) { afterProposal(flow) } }
            action("已告知，听取陈述") { ask({ flow.notified() }) { statement(flow) } }
            action("不需告知的，直接决定") { decision(flow) }
        }
    }

    private fun statement(flow: NewCase): Unit = page("陈述申辩", ::home) {
        val words = field("当事人说了什么")
        val review = field("复核意见")
        action("记录陈述，不采纳") { hear(flow, words.text.toString(), review.text.toString(), false) }
        action("记录陈述，采纳（重新建议）") { hear(flow, words.text.toString(), review.text.toString(), true) }
        action("未陈述申辩") { hear(flow, "", "", false) }
    }

    private fun hear(flow: NewCase, words: String, review: String, upheld: Boolean) =
        ask({ flow.heard(words, review, upheld) }) { if (upheld) questions(flow) else decision(flow) }

    private fun decision(flow: NewCase): Unit = ask({ flow.case.preview(Paper.MM58) to crew() }) { (preview, crew) ->
        page("决定前核对", ::home) {
            picture(preview.png)
            val reason = field("理由代码（有裁量时）")
            val two = listOfNotNull(crew?.lead, crew?.second)
            val secrets = two.map { it to field("${it.text} 的口令", secret = true) }
            action("两人确认，作出决定") {
                val typed = secrets.map { (officer, view) -> officer to view.text.toString() }
                val code = reason.text.toString()
                ask({
                    val both = typed.map { (officer, pin) -> flow.case.confirm(officer, pin) }
                    flow.case.decide(both, if (code.isEmpty()) null else Choice(null, null, code))
                }) { sign(flow.case) }
            }
        }
    }

    // ---- paper ---------------------------------------------------------------------------------

    private fun sign(case: FieldCase): Unit = page("签名", ::home) {
        text("执法人员一")
        val lead = SignatureView(this@MainActivity).also { view(it, 140) }
        text("执法人员二")
        val second = SignatureView(this@MainActivity).also { view(it, 140) }
        text("当事人（拒绝签名的留空）")
        val party = SignatureView(this@MainActivity).also { view(it, 140) }
        action("签发并打印") {
            val drawn = Drawn(lead.strokes(), second.strokes(), party.strokes())
            ask({ case.issue(drawn) }) { print(case) }
        }
    }

    private fun print(case: FieldCase, again: Boolean = false) {
        val device = printers.paired()[printer] ?: return told("请先选择打印机")
        ask({
            try {
                val link = printers.connect(device)
                if (again) case.reprint(link, "generic-58-gbk") else case.print(link, "generic-58-gbk")
            } catch (e: AppException) {
                // Nothing was sent: the paper waits, the number stays.
                throw PhoneException.Printer(Why("no_link", e.message ?: "连不上打印机", "cannot reach the printer", "", "请检查打印机后重试", "Check the printer and try again."))
            }
        }) { told(honest(it)); inHand(case) }
    }

    private fun inHand(case: FieldCase): Unit = ask({ case.look() }) { view ->
        current = view.id
        page("案件 ${view.decided?.number ?: view.place?.address.orEmpty()}", ::home) {
            text("进度：${phaseWords.getValue(view.phase)}")
            val paper = view.papers.lastOrNull()
            if (paper?.look == true) {
                text("上次打印不知是否完整，请看纸。", 20f)
                item("完整清晰") { ask({ case.confirmPrint(paper.number, true) }) { inHand(case) } }
                item("不完整") { ask({ case.confirmPrint(paper.number, false) }) { inHand(case) } }
            } else if (paper != null) {
                val again = paper.nextCopy != 0u
                item(if (again) "补打（第 ${paper.nextCopy} 次）" else "打印") { print(case, again) }
            }
            if (paper?.printed == true && view.servedAt == null) {
                item("当场交付，纸上签名") { serve(case, SigningAct.INK) }
                item("当场交付，拒绝签名") { serve(case, SigningAct.REFUSED_TO_SIGN) }
                item("当事人已离开") { ask({ case.undeliver("当事人离开") }) { inHand(case) } }
            }
            view.proposal?.reasons?.forEach { text(it.text) }
        }
    }

    private fun serve(case: FieldCase, act: SigningAct) {
        val reason = if (act == SigningAct.REFUSED_TO_SIGN) "拒绝签名" else ""
        val signing = Signing(SignerRole.PARTY, act, Private(""), Private(reason), null)
        ask({ case.serve(ServiceWay.HANDED_OVER, signing) }) { inHand(case) }
    }

    // ---- looking back --------------------------------------------------------------------------

    private fun search(): Unit = page("查询", ::home) {
        val number = field("文书编号")
        action("按编号查") {
            val typed = number.text.toString().trim()
            ask({ lookUp("执法查询", KeyKind.NUMBER, typed, 20u) }) { list("查询结果", it) }
        }
        action("最近案件") { ask({ cases(50u) }) { list("最近案件", it) } }
    }

    private fun list(title: String, lines: List<CaseLine>) = page(title, ::search) {
        for (line in lines) {
            item("${line.numbers.firstOrNull() ?: line.place}（${line.phase}${if (line.filed) "，已备案" else ""}）") {
                ask({ case(line.id) }) { inHand(it) }
            }
        }
        if (lines.isEmpty()) text("没有找到")
    }

    private fun today(): Unit = ask({ day(this, Instant.now().atZone(beijing).toLocalDate()) }) {
        page("今日小结", ::home) {
            text("案件 ${it.cases} 件")
            text("罚款 ${it.fined} 件，共 ${Fen(it.fen).yuan()}")
            text("不罚、劝导、已改正 ${it.notPunished} 件")
            check("待备案 ${it.unfiled} 件", it.unfiled == 0)
        }
    }

    private companion object {
        const val CAMERA = 7
        val phaseWords = mapOf(
            Phase.UNOPENED to "未立案", Phase.GATHERING to "取证", Phase.PROPOSED to "已建议", Phase.NOTICED to "已告知",
            Phase.HEARD to "已听取", Phase.DECIDED to "已决定，待签发", Phase.ISSUED to "已签发，待打印",
            Phase.PRINTED to "已打印，待交付", Phase.TAKING_REFUSED to "拒绝接收", Phase.SERVED to "已送达",
            Phase.HANDED_OVER to "已转出", Phase.CLOSED to "已结案",
        )
        val dutyWords = mapOf(
            Duty.EDUCATE to "教育", Duty.NOTIFY_GUARDIAN to "责令监护人管教", Duty.PROVE_CORRECTION to "改正后拍照",
            Duty.RECHECK to "到期复查", Duty.HEAD_CONFIRMS to "负责人审查", Duty.CONFIRM_HISTORY to "指挥中心复核首次违法",
        )
        // Sample: what a crew of the district meets most. An app would keep them with its own settings.
        val favourites = listOf(
            Favourite("stall", "占道摆摊", "你在门前人行道摆卖", mapOf(
                "on_road" to Value.Bool(true), "approved" to Value.Bool(false), "vehicle" to Value.Bool(false),
                "minor" to Value.Bool(false), "harm" to Value.Choice("slight"),
            )),
            Favourite("dog-waste", "犬粪未清", "你遛狗时没有清除犬只粪便", mapOf(
                "dog_waste" to Value.Bool(true), "cleaned_at_once" to Value.Bool(false), "items" to Value.Int(1),
                "minor" to Value.Bool(false), "harm" to Value.Choice("slight"), "corrected" to Value.Bool(false),
            )),
        )
    }
}
