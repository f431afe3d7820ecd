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
import cn.ezhifa.demo.Page
import cn.ezhifa.demo.SignaturePad
import cn.ezhifa.field.Strokes

/** Large, black on white, for a thumb in the sun: targets of 56 dp, text of 18 sp, actions at the bottom. */
class Drawn(private val activity: Activity, title: String) : Page {
    private val body = LinearLayout(activity).apply { orientation = LinearLayout.VERTICAL; setPadding(dp(16), dp(8), dp(16), dp(8)) }
    private val actions = LinearLayout(activity).apply { orientation = LinearLayout.VERTICAL; setPadding(dp(16), 0, dp(16), dp(16)) }

    init {
        words(title, 24f)
    }

    private fun dp(n: Int) = (n * activity.resources.displayMetrics.density).toInt()

    private fun words(words: String, size: Float, color: Int = Color.BLACK) = body.addView(TextView(activity).apply {
        text = words
        textSize = size
        setTextColor(color)
        setPadding(0, dp(6), 0, dp(6))
    })

    override fun text(words: String, large: Boolean) = words(words, if (large) 22f else 18f)

    /** Not by colour alone. */
    override fun check(words: String, ok: Boolean) =
        words((if (ok) "✓ " else "✗ ") + words, 18f, if (ok) Color.BLACK else Color.rgb(160, 0, 0))

    override fun field(hint: String, secret: Boolean, before: String): () -> String {
        val typed = EditText(activity).apply {
            this.hint = hint
            setText(before)
            textSize = 20f
            minHeight = dp(56)
            if (secret) inputType = InputType.TYPE_CLASS_NUMBER or InputType.TYPE_NUMBER_VARIATION_PASSWORD
        }
        body.addView(typed)
        return { typed.text.toString() }
    }

    override fun picture(png: ByteArray) {
        body.addView(ImageView(activity).apply {
            setImageBitmap(BitmapFactory.decodeByteArray(png, 0, png.size))
            adjustViewBounds = true
            contentDescription = "文书预览"
        })
    }

    override fun glass(who: String): () -> Strokes? {
        text(who)
        val glass = SignatureView(activity)
        view(glass, 140)
        return glass::strokes
    }

    fun view(view: View, height: Int) = body.addView(view, ViewGroup.LayoutParams.MATCH_PARENT, dp(height))

    override fun item(words: String, tapped: () -> Unit) = body.addView(button(words, tapped))

    override fun action(words: String, tapped: () -> Unit) = actions.addView(button(words, tapped))

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
