package cn.ezhifa.demo

import cn.ezhifa.field.*

/** Kind of the crew's printers; an app would keep it with the pairing. */
const val PRINTER_KIND = "generic-58-gbk"

/** The crew's printer and what it said when it was asked. */
data class CrewPrinter(val name: String, val answer: PrinterAnswer)

/**
 * Asks the crew's printer whether a slip could come out now: before a number is used, nothing is printed. Blocks. One
 * that cannot be reached, and none at all, are answers too: what the crew can do instead.
 */
fun askPrinter(name: String?, connect: (String) -> PrinterLink): PrinterAnswer {
    val link = name?.let {
        try {
            connect(it)
        } catch (_: AppException) {
            null
        }
    }
    return cn.ezhifa.field.askPrinter(link, PRINTER_KIND)
}
