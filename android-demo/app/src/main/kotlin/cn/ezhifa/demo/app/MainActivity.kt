package cn.ezhifa.demo.app

import android.Manifest
import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.os.BatteryManager
import android.os.Build
import android.os.Bundle
import android.provider.Settings
import android.widget.Toast
import cn.ezhifa.demo.Device
import cn.ezhifa.demo.Page
import cn.ezhifa.demo.Pages
import cn.ezhifa.demo.Shell
import cn.ezhifa.field.*
import java.nio.ByteBuffer

/** What Android does for the pages of `fieldkit`: draws them, asks for permissions, takes pictures, finds printers. */
class MainActivity : Activity(), Shell {
    private val app get() = application as DemoApp
    private val paired by lazy { Printers(this) }
    private val pages by lazy { Pages(this) }
    private var case: CaseId? = null
    private var back: () -> Unit = ::finish
    private var taken: ((ByteBuffer) -> Unit)? = null

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        pages.start(state?.getString("case")?.let(::CaseId))
    }

    override fun onSaveInstanceState(out: Bundle) {
        super.onSaveInstanceState(out)
        case?.let { out.putString("case", it.text) }
    }

    override fun onResume() {
        super.onResume()
        app.watcher = { if (it is Change.Sync) told("已同步") }
    }

    override fun onPause() {
        app.watcher = null
        super.onPause()
    }

    @Deprecated("The framework's own way, without AndroidX")
    override fun onBackPressed() = back()

    @Deprecated("The framework's own way, without AndroidX")
    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        val jpeg = CameraActivity.taken.getAndSet(null)
        if (request == CAMERA && result == RESULT_OK && jpeg != null) taken?.invoke(jpeg)
        taken = null
    }

    override fun <T> ask(call: FieldOffice.() -> T, done: (T) -> Unit) = app.ask(call, ::told, done)

    override fun sync(done: () -> Unit) = app.sync(::told) { done() }

    /** A refusal is an answer: reason, article, next step, as the phone says them. */
    override fun told(sentence: String) = Toast.makeText(this, sentence, Toast.LENGTH_LONG).show()

    override fun show(title: String, back: () -> Unit, fill: Page.() -> Unit) {
        this.back = back
        Drawn(this, title).apply(fill).show()
    }

    override fun camera(taken: (ByteBuffer) -> Unit) {
        this.taken = taken
        startActivityForResult(Intent(this, CameraActivity::class.java), CAMERA)
    }

    override fun allowCaptures() = allow(Manifest.permission.ACCESS_FINE_LOCATION, Manifest.permission.CAMERA).let { }

    override fun printers(): List<String>? {
        if (Build.VERSION.SDK_INT >= 31 && !allow(Manifest.permission.BLUETOOTH_CONNECT)) return null
        return paired.paired().keys.toList()
    }

    override fun connect(printer: String): PrinterLink =
        paired.connect(paired.paired()[printer] ?: throw AppException.Failed("打印机已取消配对 / the printer is no longer paired"))

    override fun device() = Device(
        batteryPercent = (getSystemService(BATTERY_SERVICE) as BatteryManager).getIntProperty(BatteryManager.BATTERY_PROPERTY_CAPACITY),
        automaticTime = Settings.Global.getInt(contentResolver, Settings.Global.AUTO_TIME, 0) == 1,
    )

    override fun network() = app.state()

    override fun here() = app.here()

    override fun inHand(case: CaseId?) {
        this.case = case
    }

    override fun leave() = finish()

    /** Whether all are granted; asks for them where not. */
    private fun allow(vararg what: String): Boolean {
        val missing = what.filter { checkSelfPermission(it) != PackageManager.PERMISSION_GRANTED }
        if (missing.isNotEmpty()) requestPermissions(missing.toTypedArray(), 1)
        return missing.isEmpty()
    }

    private companion object {
        const val CAMERA = 7
    }
}
