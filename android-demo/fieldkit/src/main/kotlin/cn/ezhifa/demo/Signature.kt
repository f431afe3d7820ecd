package cn.ezhifa.demo

import cn.ezhifa.field.*

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

/** The same as a picture that any browser shows: what is kept of a signature that goes onto no paper of ours. */
fun Strokes.svg(): ByteArray {
    val lines = lines.joinToString("") { line -> line.joinToString(" ", "<polyline points=\"", "\"/>") { "${it.x},${it.y}" } }
    return ("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 $width $height\" fill=\"none\" stroke=\"black\">$lines</svg>").toByteArray()
}
