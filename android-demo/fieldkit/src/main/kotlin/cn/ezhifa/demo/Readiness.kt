package cn.ezhifa.demo

import cn.ezhifa.field.*

/** One line of the check before a shift. */
data class Check(val text: String, val ok: Boolean)

/** What only the platform knows of readiness. */
data class Device(val batteryPercent: Int, val automaticTime: Boolean)

/** The library's lines, the printer's own and the platform's, what is missing first. */
fun readiness(phone: FieldOffice, printer: CrewPrinter?, device: Device): List<Check> {
    val ours = listOf(
        printerLine(printer),
        paperLine(printer),
        Check("电量 ${device.batteryPercent}%", device.batteryPercent >= 30),
        Check(if (device.automaticTime) "时间自动校准" else "时间为手动设置", device.automaticTime),
    )
    return (phone.readiness().map { Check(it.zh, it.ok) } + ours).sortedBy { it.ok }
}

private fun printerLine(printer: CrewPrinter?) = when {
    printer == null -> Check("未连接打印机", false)
    printer.answer.canPrint -> Check("打印机：${printer.name}", true)
    else -> Check("打印机：${printer.name}，${chinese(printer.answer.said)}", false)
}

/** What the printer says of its roll; one that says nothing is no proof of paper. */
private fun paperLine(printer: CrewPrinter?) = when (printer?.answer?.paper) {
    null -> Check("打印纸：未连接打印机，不知道", false)
    PaperState.UNKNOWN -> Check("打印纸：打印机没有说，请打开看一眼", false)
    PaperState.OK -> Check("打印纸正常", true)
    PaperState.NEAR_END -> Check("打印纸快用完，请带上备用纸卷", false)
    PaperState.OUT -> Check("打印机缺纸", false)
}
