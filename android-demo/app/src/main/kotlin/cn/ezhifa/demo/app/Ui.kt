package cn.ezhifa.demo.app

import android.app.Activity
import android.content.Context
import android.graphics.BitmapFactory
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import android.graphics.Path
import android.text.InputType
import android.view.Gravity
import android.view.MotionEvent
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.EditText
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ScrollView
import android.widget.TextView
import cn.ezhifa.demo.SignaturePad

/** Large, black on white, for a thumb in the sun: targets of 56 dp, text of 18 sp, actions at the bottom. */
class Page(private val activity: Activity, title: String) {
    private val body = LinearLayout(activity).apply { orientation = LinearLayout.VERTICAL; setPadding(dp(16), dp(8), dp(16), dp(8)) }
    private val actions = LinearLayout(activity).apply { orientation = LinearLayout.VERTICAL; setPadding(dp(16), 0, dp(16), dp(16)) }

    init {
        text(title, 24f)
    }

    private fun dp(n: Int) = (n * activity.resources.displayMetrics.density).toInt()

    fun text(words: String, size: Float = 18f, color: Int = Color.BLACK): TextView = TextView(activity).apply {
        text = words
        textSize = size
        setTextColor(color)
        setPadding(0, dp(6), 0, dp(6))
    }.also(body::addView)

    /** Good or bad by a word and a sign, not by colour alone. */
    fun check(words: String, ok: Boolean) = text((if (ok) "✓ " else "✗ ") + words, 18f, if (ok) Color.BLACK else Color.rgb(160, 0, 0))

    fun field(hint: String, secret: Boolean = false): EditText = EditText(activity).apply {
        this.hint = hint
        textSize = 20f
        minHeight = dp(56)
        if (secret) inputType = InputType.TYPE_CLASS_NUMBER or InputType.TYPE_NUMBER_VARIATION_PASSWORD
    }.also(body::addView)

    fun picture(png: ByteArray) {
        body.addView(ImageView(activity).apply {
            setImageBitmap(BitmapFactory.decodeByteArray(png, 0, png.size))
            adjustViewBounds = true
            contentDescription = "文书预览"
        })
    }

    fun view(view: View, height: Int) = body.addView(view, ViewGroup.LayoutParams.MATCH_PARENT, dp(height))

    /** A line of a list that can be tapped. */
    fun item(words: String, tapped: () -> Unit) = body.addView(button(words, tapped))

    /** What is done on this page: at the bottom, within reach of one thumb. */
    fun action(words: String, tapped: () -> Unit) = actions.addView(button(words, tapped))

    private fun button(words: String, tapped: () -> Unit) = Button(activity).apply {
        text = words
        textSize = 20f
        isAllCaps = false
        minHeight = dp(56)
        gravity = Gravity.CENTER
        setOnClickListener { tapped() }
    }

    fun show() = activity.setContentView(LinearLayout(activity).apply {
        orientation = LinearLayout.VERTICAL
        setBackgroundColor(Color.WHITE)
        fitsSystemWindows = true
        addView(ScrollView(activity).apply { addView(body) }, LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, 0, 1f))
        addView(actions)
    })
}

/** The glass on which people sign. */
class SignatureView(context: Context) : View(context) {
    private val path = Path()
    private val ink = Paint().apply { color = Color.BLACK; style = Paint.Style.STROKE; strokeWidth = 8f; isAntiAlias = true }
    private var pad: SignaturePad? = null

    /** What was drawn; none while it is blank. */
    fun strokes() = pad?.takeUnless { it.isBlank }?.strokes()

    override fun onSizeChanged(w: Int, h: Int, oldw: Int, oldh: Int) {
        pad = SignaturePad(w.toFloat(), h.toFloat())
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        when (event.actionMasked) {
            MotionEvent.ACTION_DOWN -> {
                parent.requestDisallowInterceptTouchEvent(true)
                path.moveTo(event.x, event.y)
                pad?.down(event.x, event.y)
            }
            MotionEvent.ACTION_MOVE -> {
                path.lineTo(event.x, event.y)
                pad?.move(event.x, event.y)
            }
            MotionEvent.ACTION_UP -> performClick()
        }
        invalidate()
        return true
    }

    override fun performClick() = super.performClick()

    override fun onDraw(canvas: Canvas) {
        canvas.drawColor(Color.rgb(245, 245, 245))
        canvas.drawPath(path, ink)
    }
}
