package cn.ezhifa.demo

import cn.ezhifa.field.*
import java.time.Duration
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId

/** All times are the law's: Beijing time. */
val beijing: ZoneId = ZoneId.of("Asia/Shanghai")

/** The library says a state in both languages; officers read the first. */
internal fun chinese(text: String) = text.substringBefore(" / ")

/** What a print came to, in words that promise nothing. */
fun honest(printed: Printed): String = when (val result = printed.result) {
    is PrintState.Printed -> if (printed.copy == 0u) "已打印" else "已补打（第 ${printed.copy} 次）"
    is PrintState.NotPrinted -> "没有打印：${chinese(printed.reason)}（${result.reason}）"
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
    else -> "待上报：记录 ${status.unsyncedEntries}，照片 ${status.unsyncedPhotos}（${chinese(status.why)}）"
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
