package cn.ezhifa.demo

import cn.ezhifa.field.*
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId

/** All times are the law's: Beijing time. */
val beijing: ZoneId = ZoneId.of("Asia/Shanghai")

/** One line of the check before a shift. */
data class Check(val text: String, val ok: Boolean)

/** What only the platform knows of readiness. */
data class Device(val printer: String?, val paper: Boolean?, val batteryPercent: Int, val automaticTime: Boolean)

/** The library's lines and the platform's, what is missing first. */
fun readiness(phone: FieldOffice, device: Device): List<Check> {
    val ours = listOf(
        Check(device.printer?.let { "打印机：$it" } ?: "未连接打印机", device.printer != null),
        Check(
            when (device.paper) { true -> "打印纸正常"; false -> "打印机缺纸"; null -> "打印纸：打印机未回答" },
            device.paper != false,
        ),
        Check("电量 ${device.batteryPercent}%", device.batteryPercent >= 30),
        Check(if (device.automaticTime) "时间自动校准" else "时间为手动设置", device.automaticTime),
    )
    return (phone.readiness().map { Check(it.zh, it.ok) } + ours).sortedBy { it.ok }
}

/** What a print came to, in words that promise nothing. */
fun honest(printed: Printed): String = when (val result = printed.result) {
    is PrintState.Printed -> if (printed.copy == 0u) "已打印" else "已补打（第 ${printed.copy} 次）"
    is PrintState.NotPrinted -> "没有打印：${printed.reason.substringBefore(" / ")}（${result.reason}）"
    is PrintState.Unknown -> "不知道是否打印完整，请看纸：完整、清晰吗？"
}

/** How far away, in words; empty where one of the places is not known. Flat is exact enough within a branch. */
fun far(here: Fix?, latE7: Long?, lonE7: Long?): String {
    if (here == null || latE7 == null || lonE7 == null) return ""
    val perUnit = 0.011132 // metres in 1e-7 degree of latitude
    val north = (latE7 - here.latE7) * perUnit
    val east = (lonE7 - here.lonE7) * perUnit * Math.cos(Math.toRadians(here.latE7 / 1e7))
    val metres = Math.hypot(north, east)
    return if (metres < 1000) "${metres.toInt()}米 " else "%.1f公里 ".format(metres / 1000)
}

/** Sync in one line. */
fun syncLine(status: Status): String = when {
    status.unsyncedEntries == 0uL && status.unsyncedPhotos == 0uL -> "全部已上报"
    status.why.isEmpty() -> "待上报：记录 ${status.unsyncedEntries}，照片 ${status.unsyncedPhotos}"
    else -> "待上报：记录 ${status.unsyncedEntries}，照片 ${status.unsyncedPhotos}（${status.why.substringBefore(" / ")}）"
}

/** The day in figures. */
data class Day(val cases: Int, val fined: Int, val notPunished: Int, val fen: Long, val unfiled: Int)

/** What the crew did on a day. */
fun day(phone: FieldOffice, on: LocalDate): Day {
    val from: Instant = on.atStartOfDay(beijing).toInstant()
    val lines = phone.find(Query.Opened(from, from + Duration.ofDays(1)), 500u).filterNot { it.drill }
    val mild = setOf(Outcome.NO_PENALTY, Outcome.NO_PENALTY_PROPOSED, Outcome.ADVICE, Outcome.ORDER_COMPLIED)
    return Day(
        cases = lines.size,
        fined = lines.count { it.outcome == Outcome.FINE || it.outcome == Outcome.WARNING_AND_FINE },
        notPunished = lines.count { it.outcome in mild },
        fen = lines.sumOf { it.amount.fen },
        unfiled = lines.count { it.numbers.isNotEmpty() && !it.filed },
    )
}

/** A signature from the glass, in the box of the paper. Points that add nothing are left out. */
class SignaturePad(private val width: Float, private val height: Float) {
    private val lines = mutableListOf<MutableList<Dot>>()

    /** Finger down. */
    fun down(x: Float, y: Float) {
        lines += mutableListOf(dot(x, y))
    }

    /** Finger moves. */
    fun move(x: Float, y: Float) {
        val line = lines.lastOrNull() ?: return
        val next = dot(x, y)
        if (line.last() != next) line += next
    }

    /** Begins again. */
    fun clear() = lines.clear()

    /** Whether anybody wrote anything. */
    val isBlank get() = lines.sumOf { it.size } < 4

    /** For the paper. */
    fun strokes() = Strokes(BOX_WIDTH, BOX_HEIGHT, lines.map { it.toList() })

    private fun dot(x: Float, y: Float): Dot {
        fun scale(v: Float, of: Float, to: UShort) =
            (v / of * to.toInt()).toInt().coerceIn(0, to.toInt()).toUShort()
        return Dot(scale(x, width, BOX_WIDTH), scale(y, height, BOX_HEIGHT))
    }

    private companion object {
        const val BOX_WIDTH: UShort = 160u
        const val BOX_HEIGHT: UShort = 64u
    }
}

/**
 * What a text reader saw on a 居民身份证 becomes a party: the number with its check digit decides, names and
 * addresses are what follows their labels. Nothing is kept of the picture.
 */
fun readCard(lines: List<String>): Read? {
    val text = lines.map { it.replace(" ", "") }
    val number = text.firstNotNullOfOrNull { Regex("[1-9][0-9]{16}[0-9Xx]").find(it)?.value } ?: return null
    if (readResidentId(number) == null) return null
    fun after(label: String) = text.firstOrNull { it.startsWith(label) }?.removePrefix(label).orEmpty()
    return Read(after("姓名"), number, after("住址"))
}
