package cn.ezhifa.demo

import cn.ezhifa.field.*
import java.nio.ByteBuffer

/** What stands on a page, from top to bottom; whoever draws it decides how it looks. */
interface Page {
    /** A paragraph. */
    fun text(words: String, large: Boolean = false)

    /** Good or bad, by a word and a sign. */
    fun check(words: String, ok: Boolean)

    /** Something to type, with what was typed before; asked when a button is tapped. */
    fun field(hint: String, secret: Boolean = false, before: String = ""): () -> String

    /** The paper, as it is printed. */
    fun picture(png: ByteArray)

    /** The glass on which somebody signs; none while it is blank. */
    fun glass(who: String): () -> Strokes?

    /** A line of a list that can be tapped. */
    fun item(words: String, tapped: () -> Unit)

    /** What is done on this page: at the bottom, within reach of one thumb. */
    fun action(words: String, tapped: () -> Unit)
}

/** What the operating system does for the pages. */
interface Shell {
    /** A call on the phone's thread; [done] hears its answer on the screen's. A refusal is told and ends it. */
    fun <T> ask(call: FieldOffice.() -> T, done: (T) -> Unit)

    /** A sync on a thread of its own; what came of it is told. */
    fun sync(done: () -> Unit)

    /** A sentence for the officer. */
    fun told(sentence: String)

    /** Shows a page; [back] is where its way back leads. */
    fun show(title: String, back: () -> Unit, fill: Page.() -> Unit)

    /** Takes a picture and hands over the JPEG, which is saved nowhere else. */
    fun camera(taken: (ByteBuffer) -> Unit)

    /** Asks for what captures need (camera, position), where that is not allowed yet. */
    fun allowCaptures()

    /** Printers paired with this phone; none while Bluetooth is not allowed, which is asked for then. */
    fun printers(): List<String>?

    /** Connects. Blocks: from a call of [ask]. */
    fun connect(printer: String): PrinterLink

    /** What only the platform knows of readiness. */
    fun device(): Device

    /** What the platform knows of the network. */
    fun network(): Network

    /** The last good position. */
    fun here(): Fix?

    /** Which case is in hand: kept over the death of the process. */
    fun inHand(case: CaseId?)

    /** Leaves the app. */
    fun leave()
}
