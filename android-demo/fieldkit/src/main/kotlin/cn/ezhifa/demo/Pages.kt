package cn.ezhifa.demo

import cn.ezhifa.field.*
import java.time.Instant
import java.time.LocalDate
import java.time.format.DateTimeFormatter

/** Every page of the demo. What is shown always comes from the phone, so the process may die at any moment. */
class Pages(private val shell: Shell, private val now: () -> Instant = Instant::now) {
    private val signedIn = linkedSetOf<OfficerId>()
    private var printer: String? = null
    private var place = ""

    private fun today(): LocalDate = now().atZone(beijing).toLocalDate()
    private fun page(title: String, back: () -> Unit, fill: Page.() -> Unit) = shell.show(title, back, fill)
    private fun <T> ask(call: FieldOffice.() -> T, done: (T) -> Unit) = shell.ask(call, done)

    // ---- before the shift ----------------------------------------------------------------------

    /** The first page; [case] was in hand when the process died. */
    fun start(case: CaseId? = null): Unit = ask({ isEnrolled() to (crew() != null) }) { (enrolled, onDuty) ->
        when {
            !enrolled -> enrol()
            case != null && onDuty -> ask({ case(case) }) { inHand(it) }
            else -> signIn()
        }
    }

    private fun enrol(): Unit = page("注册本机", shell::leave) {
        val ticket = field("扫描或粘贴注册票据 ezhifa:{…}")
        action("注册") {
            val typed = ticket().trim()
            ask({ enrol(typed); sync() }) { signIn() }
        }
    }

    private fun signIn(): Unit = ask({ roster() }) { roster ->
        page("两人登录", shell::leave) {
            for (officer in roster.filter { it.kind == OfficerKind.CERTIFIED }) {
                val valid = today() in officer.validFrom..officer.validTo
                check("${officer.name} ${officer.certificate}，证件有效期至 ${officer.validTo}", valid)
                if (!valid || officer.id in signedIn) continue
                val pin = field("${officer.name} 的口令", secret = true)
                item("${officer.name} 登录") {
                    val typed = pin()
                    ask({ signIn(officer.id, typed) }) { signedIn += officer.id; signIn() }
                }
            }
            action("上岗") {
                val two = signedIn.toList()
                if (two.size < 2) shell.told("两名执法人员须各自登录（行政处罚法第四十二条第一款）")
                else ask({ setCrew(two[0], two[1]) }) { ready() }
            }
        }
    }

    private fun ready(): Unit = ask({
        readiness(this, printer?.let { CrewPrinter(it, askPrinter()) }, shell.device()) to status()
    }) { (lines, status) ->
        page("上岗检查", shell::leave) {
            lines.forEach { check(it.text, it.ok) }
            text(syncLine(status))
            status.filingDue?.let { text("最早备案期限：${minute(it)}") }
            item("选择打印机") { choosePrinter(::ready) }
            item("同步") { shell.sync { ready() } }
            action("开始执法") { home() }
        }
    }

    internal fun choosePrinter(chosen: () -> Unit) {
        val paired = shell.printers() ?: return
        page("已配对的打印机", ::ready) {
            for (name in paired) item(name) { printer = name; chosen() }
            text("新打印机请先在系统设置中配对。")
        }
    }

    /** Blocks: from a call of [Shell.ask]. */
    internal fun askPrinter(): PrinterAnswer = askPrinter(printer, shell::connect)

    // ---- the shift -----------------------------------------------------------------------------

    internal fun home(): Unit = ask({
        Triple(leads(), openOrders(), offences().associate { it.id to it.name })
    }) { (leads, orders, names) ->
        val here = shell.here()
        shell.inHand(null)
        page("执法", ::ready) {
            val address = field("地点（门牌）", before = place)
            text("常见案由")
            for (favourite in favourites.filter { it.offence in names }) item(favourite.title) {
                place = address().trim()
                begin(favourite, place, null)
            }
            text("附近线索 ${leads.size} 条")
            for (lead in leads) item("${far(here, lead.latE7, lead.lonE7)}${lead.place}：${lead.text}") {
                begin(favourites.firstOrNull { it.offence in lead.offences } ?: favourites.first(), lead.place, sourceOf(lead))
            }
            text("附近待复查的责令改正 ${orders.size} 件")
            for (order in orders) {
                text("${far(here, order.latE7, order.lonE7)}${order.number} ${names[order.offence] ?: order.offence}，${order.place}，期限 ${minute(order.due)}")
            }
            action("查询") { search() }
            action("今日小结") { summary() }
            action("同步状态") { ready() }
        }
    }

    private fun sourceOf(lead: Lead): Source = when (lead.source) {
        "patrol" -> Source.PatrolLead(lead.lead)
        "citizen_report" -> Source.CitizenReport(lead.lead)
        "video_lead" -> Source.VideoLead(lead.lead, lead.auditedBy)
        "petition" -> Source.Petition(lead.lead)
        "drone" -> Source.Drone(lead.lead)
        else -> Source.OtherOrgan(lead.lead)
    }

    /** One tap on a tile: the case is open, and the camera as well. */
    private fun begin(favourite: Favourite, address: String, source: Source?) {
        if (address.isEmpty()) return shell.told("请先填写地点（门牌）")
        shell.allowCaptures()
        ask({ NewCase(this, now).apply { start(favourite, address, source) } }) {
            go(it)
            shoot(it)
        }
    }

    private fun shoot(flow: NewCase) = shell.camera { jpeg -> ask({ flow.shoot(jpeg, "违法现场") }) { go(flow) } }

    /** The page that the case is at. */
    private fun go(flow: NewCase) {
        shell.inHand(flow.case.id())
        when (flow.screen) {
            Screen.CAMERA -> photograph(flow)
            Screen.PARTY -> party(flow)
            Screen.QUESTIONS -> questions(flow)
            Screen.PROPOSAL -> proposal(flow)
            Screen.STATEMENT -> statement(flow)
            Screen.DECISION -> decision(flow)
        }
    }

    private fun photograph(flow: NewCase): Unit = page("违法现场", ::home) {
        text("拍下违法事实；照片当即计算校验值并密封，不存入相册。")
        action("拍照") { shoot(flow) }
    }

    private fun party(flow: NewCase): Unit = page("当事人", ::home) {
        val scanned = field("粘贴证件识别文字，或输入身份证号")
        val name = field("姓名或名称")
        action("亮证，读取证件") {
            val (lines, typed) = scanned().lines() to name()
            ask({
                val read = readCard(lines) ?: Read(typed, identity = Identity.DECLARED)
                flow.identify(if (read.name.isEmpty()) read.copy(name = typed) else read)
            }) { go(flow) }
        }
        action("拒绝表明身份") { ask({ flow.identify(Read(identity = Identity.REFUSED)) }) { go(flow) } }
    }

    private fun questions(flow: NewCase): Unit = page("事实", ::home) {
        for (question in flow.questions) {
            text(question.text)
            if (question.help.isNotEmpty()) text(question.help)
            flow.usual[question.fact]?.let { text("常见情形：${said(question, it)}") }
            fun answer(value: Value) = ask({ flow.answer(question.fact, value) }) { go(flow) }
            when (val kind = question.answer) {
                is AnswerKind.Bool -> {
                    item("是") { answer(Value.Bool(true)) }
                    item("否") { answer(Value.Bool(false)) }
                }
                is AnswerKind.Choice -> kind.options.forEach { item(it.label) { answer(Value.Choice(it.value)) } }
                is AnswerKind.Int -> {
                    val typed = field(if (kind.decimals.toInt() == 0) kind.unit else "${kind.unit}，小数 ${kind.decimals} 位")
                    item("确定") {
                        val stored = typed().toBigDecimalOrNull()?.scaleByPowerOfTen(kind.decimals.toInt())?.toLong()
                        if (stored == null) shell.told("请输入数字") else answer(Value.Int(stored))
                    }
                }
            }
            item("不清楚") { answer(Value.Unknown) }
        }
        action("与常见情形相同") { ask({ flow.asUsual() }) { go(flow) } }
    }

    private fun proposal(flow: NewCase) {
        val proposal = flow.proposal ?: return questions(flow)
        page("处理建议", ::home) {
            val money = if (proposal.amount.fen > 0) " ${proposal.amount.yuan()}" else ""
            text("${proposal.offenceName}：${proposal.outcomeName}$money", large = true)
            if (proposal.provisional) text("首次违法以指挥中心复核为准")
            proposal.reasons.forEach { text("${it.text}${it.citations.joinToString("")}") }
            proposal.duties.forEach { text("还须：${dutyWords.getValue(it)}") }
            item("改正后拍照") {
                shell.camera { jpeg -> ask({ flow.shoot(jpeg, "改正后", Stage.CORRECTED) }) { go(flow) } }
            }
            item("已改正") { ask({ flow.corrected() }) { go(flow) } }
            item("已教育") { ask({ flow.educated("当面讲解") }) { go(flow) } }
            action("已告知，听取陈述") { ask({ flow.notified() }) { go(flow) } }
            action("不需告知的，直接决定") { decision(flow) }
        }
    }

    private fun statement(flow: NewCase): Unit = page("陈述申辩", ::home) {
        val words = field("当事人说了什么")
        val review = field("复核意见")
        fun hear(words: String, review: String, upheld: Boolean) = ask({ flow.heard(words, review, upheld) }) { go(flow) }
        action("记录陈述，不采纳") { hear(words(), review(), false) }
        action("记录陈述，采纳（重新建议）") { hear(words(), review(), true) }
        action("未陈述申辩") { hear("", "", false) }
    }

    /** The printer is asked before the decision: a number is used only where its paper can come out, or is not needed. */
    internal fun decision(flow: NewCase): Unit = ask({
        Triple(flow.case.preview(Paper.MM58), two(this), flow.case.look().eService)
    }) { (preview, two, eService) ->
        page("决定前核对", ::home) {
            picture(preview.png)
            if (eService) text("当事人已签电子送达确认书：决定书发到确认书上的地址，不打印。")
            val reason = field("理由代码（有裁量时）")
            val pins = pins(two)
            action("两人确认，作出决定") {
                val (typed, code) = pins() to reason()
                ask({
                    val dead = if (eService) null else askPrinter().takeIf { !it.canPrint }
                    if (dead == null) flow.case.decide(flow.case.confirmedBy(typed), chosen(code))
                    dead
                }) { dead -> if (dead == null) sign(flow.case, print = !eService) else WaysOutPages(shell, this@Pages, flow, now).show(dead) }
            }
        }
    }

    /** The crew, who leads first. */
    internal fun two(phone: FieldOffice): List<OfficerLine> {
        val crew = phone.crew()
        return listOfNotNull(crew?.lead, crew?.second).map { id -> phone.roster().first { it.id == id } }
    }

    /** A PIN of each. */
    internal fun Page.pins(two: List<OfficerLine>): () -> Pins {
        val secrets = two.map { it.id to field("${it.name} 的口令", secret = true) }
        return { secrets.map { (officer, secret) -> officer to secret() } }
    }

    // ---- paper ---------------------------------------------------------------------------------

    /** While they sign, the pay code is fetched where there is a signal; the paper waits a few seconds for it at most. */
    private fun sign(case: FieldCase, print: Boolean) {
        page("签名", ::home) {
            val lead = glass("执法人员一")
            val second = glass("执法人员二")
            val party = glass("当事人（拒绝签名的留空）")
            action(if (print) "签发并打印" else "签发") {
                val drawn = Drawn(lead(), second(), party())
                ask({ case.issue(drawn) }) { if (print) print(case) else inHand(case) }
            }
        }
        val network = shell.network()
        ask({ payCode(case, network) }) { if (it.isNotEmpty()) shell.told(it) }
    }

    /** A second paper is asked for in so many words: [again]. */
    private fun print(case: FieldCase, again: Boolean = false) {
        val name = printer
        if (name == null) {
            shell.told("请先选择打印机；文书已签发，编号不变")
            return inHand(case)
        }
        ask({
            try {
                val link = shell.connect(name)
                if (again) case.reprint(link, PRINTER_KIND) else case.print(link, PRINTER_KIND)
            } catch (e: AppException) {
                // Nothing was sent: the paper waits, the number stays.
                throw PhoneException.Printer(Why("no_link", e.message ?: "连不上打印机", "cannot reach the printer", "", "请检查打印机后重试", "Check the printer and try again."))
            }
        }) { shell.told(honest(it)); inHand(case) }
    }

    internal fun inHand(case: FieldCase): Unit = ask({ case.look() }) { view ->
        shell.inHand(view.id)
        page("案件 ${view.decided?.number ?: view.place?.address.orEmpty()}", ::home) {
            text("进度：${phaseWords.getValue(view.phase)}")
            val paper = view.papers.lastOrNull()
            when {
                view.phase < Phase.DECIDED -> action("接着办") {
                    ask({ NewCase(this, now).apply { resume(case, favourites) } }) { go(it) }
                }
                paper == null && view.phase in setOf(Phase.DECIDED, Phase.HANDED_OVER) ->
                    action("签名、签发") { sign(case, print = !view.eService) }
                paper == null -> if (view.phase in setOf(Phase.PRINTED, Phase.SERVED)) text("手写文书，已补录")
                paper.look -> {
                    text("上次打印不知是否完整，请看纸。", large = true)
                    item("完整清晰") { ask({ case.confirmPrint(paper.number, true) }) { inHand(case) } }
                    item("不完整") { ask({ case.confirmPrint(paper.number, false) }) { inHand(case) } }
                }
                paper.nextCopy == 0u -> item("打印") { print(case) }
                else -> item("补打（第 ${paper.nextCopy} 次）") { print(case, again = true) }
            }
            if (view.eService && view.phase in setOf(Phase.ISSUED, Phase.PRINTED)) {
                item("已发到当事人的电子地址") { ask({ case.servedElectronically() }) { inHand(case) } }
            }
            if (view.phase == Phase.PRINTED) {
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
            val typed = number().trim()
            ask({ lookUp("执法查询", KeyKind.NUMBER, typed, 20u) }) { list("查询结果", it) }
        }
        action("最近案件") { ask({ cases(50u) }) { list("最近案件", it) } }
    }

    private fun list(title: String, lines: List<CaseLine>): Unit = page(title, ::search) {
        for (line in lines) {
            item("${line.numbers.firstOrNull() ?: line.place}（${phaseWords.getValue(Phase.valueOf(line.phase.uppercase()))}${if (line.filed) "，已备案" else ""}）") {
                ask({ case(line.id) }) { inHand(it) }
            }
        }
        if (lines.isEmpty()) text("没有找到")
    }

    private fun summary(): Unit = ask({ day(this, today()) }) {
        page("今日小结", ::home) {
            text("案件 ${it.cases} 件")
            text("罚款 ${it.fined} 件，共 ${Fen(it.fen).yuan()}")
            text("不罚、劝导、已改正 ${it.notPunished} 件")
            check("待备案 ${it.unfiled} 件", it.unfiled == 0)
        }
    }

    private companion object {
        fun minute(at: Instant): String = at.atZone(beijing).format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm"))
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
    }
}

/** An answer in the words of the question. */
internal fun said(question: Question, value: Value): String = when (value) {
    is Value.Bool -> if (value.v1) "是" else "否"
    is Value.Int -> (question.answer as? AnswerKind.Int)?.let {
        "${value.v1.toBigDecimal().scaleByPowerOfTen(-it.decimals.toInt()).toPlainString()}${it.unit}"
    } ?: "${value.v1}"
    is Value.Choice -> (question.answer as? AnswerKind.Choice)?.options?.firstOrNull { it.value == value.v1 }?.label ?: value.v1
    is Value.Unknown -> "不清楚"
}

/** Sample: what a crew of the district meets most. An app would keep them with its own settings. */
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
