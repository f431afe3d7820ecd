package cn.ezhifa.demo

import cn.ezhifa.field.*
import java.time.Instant

/** The pages of a case that is heard while no printer works: before a number is used, every way out. */
internal class WaysOutPages(
    private val shell: Shell,
    private val pages: Pages,
    private val flow: NewCase,
    private val now: () -> Instant,
) {
    private fun <T> ask(call: WithoutPrinter.() -> T, done: (T) -> Unit) =
        shell.ask({ WithoutPrinter(this, flow.case, now).call() }, done)

    private fun page(title: String, fill: Page.() -> Unit) = shell.show(title, { pages.decision(flow) }, fill)

    /** What the printer said, and what the crew can do. */
    fun show(answer: PrinterAnswer): Unit = page("现在不能打印") {
        text(chinese(answer.said), large = true)
        text("还没有作出决定，没有用掉编号。")
        for (way in answer.ways) when (way.way) {
            "mend" -> item(way.zh) { again() }
            "another_printer" -> item(way.zh) { pages.choosePrinter { again() } }
            "hand_written" -> item(way.zh) { byHand() }
            "electronic_service" -> item(way.zh) { consent() }
            "ordinary_procedure" -> item(way.zh) { ordinary() }
        }
        item("先放着，稍后接着办") { pages.home() }
    }

    private fun again() = shell.ask({ pages.askPrinter() }) { if (it.canPrint) pages.decision(flow) else show(it) }

    private fun byHand(): Unit = shell.ask({ WithoutPrinter(this, flow.case, now).sheet() to pages.two(this) }) { (sheet, two) ->
        page("手写文书") {
            val number = sheet.number
            if (number == null) {
                text("手写文书已用完，请换别的办法。", large = true)
                return@page
            }
            text("在 $number 上照此填写，写明时间，两人和当事人签名：", large = true)
            picture(sheet.words)
            check(if (sheet.photo == null) "填好的文书还没有拍照" else "填好的文书已拍照", sheet.photo != null)
            item("拍摄填好的文书") { shell.camera { jpeg -> ask({ photograph(jpeg) }) { byHand() } } }
            item("这一张写坏了") { spoil(number, two.last()) }
            val time = field("文书上写明的时间 HH:mm")
            val reason = field("理由代码（有裁量时）")
            val pins = pages.run { pins(two) }
            action("两人确认，补录") {
                val (at, code, typed) = Triple(time(), reason(), pins())
                ask({ writtenAt(at)?.let { keyIn(it, typed, code) } }) {
                    if (it == null) shell.told("请按 时:分 写时间，如 19:05") else pages.inHand(flow.case)
                }
            }
        }
    }

    private fun spoil(number: String, second: OfficerLine): Unit = page("作废 $number") {
        val reason = field("作废原因")
        val pin = field("${second.name} 的口令", secret = true)
        action("登记作废") {
            val (why, typed) = reason() to pin()
            ask({ spoil(why, typed) }) { byHand() }
        }
    }

    private fun consent(): Unit = page("电子送达确认书") {
        text("当事人同意电子送达的，写明地址并签名；决定书签发后发到该地址，不再打印。")
        val address = field("电子邮箱或者手机号")
        val signature = glass("当事人")
        action("当事人已签确认书") {
            val (to, strokes) = address().trim() to signature()
            if (strokes == null) shell.told("请当事人签名") else ask({ consents(to, strokes) }) { pages.decision(flow) }
        }
    }

    private fun ordinary(): Unit = page("转普通程序") {
        val reason = field("理由", before = "打印机不能打印，当场不能制作决定书")
        action("转普通程序") {
            val why = reason()
            ask({ ordinary(why) }) { pages.inHand(flow.case) }
        }
    }
}
