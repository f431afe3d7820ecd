package cn.ezhifa.demo.app

import android.Manifest
import android.app.Application
import android.content.Context
import android.content.pm.PackageManager
import android.location.LocationManager
import android.net.ConnectivityManager
import android.net.NetworkCapabilities
import android.os.Build
import android.os.Handler
import android.os.Looper
import android.os.SystemClock
import android.provider.Settings
import cn.ezhifa.field.*
import java.io.File
import java.time.Instant
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/** The process: one phone, one thread for its calls, one for sync. Android may end it at any moment. */
class DemoApp : Application() {
    val keys by lazy { Keystore(this) }
    private val screen = Handler(Looper.getMainLooper())
    private val calls: ExecutorService = Executors.newSingleThreadExecutor { Thread(it, "phone") }
    private val network: ExecutorService = Executors.newSingleThreadExecutor { Thread(it, "sync") }

    /** Who is drawn on the screen now; hears of changes on the main thread. */
    @Volatile var watcher: ((Change) -> Unit)? = null

    /** Opened on first use, off the main thread. */
    val phone: FieldOffice by lazy {
        FieldOffice.open(
            folder = File(noBackupFilesDir, "phone").path,
            mark = File(noBackupFilesDir, "mark").path,
            keys = keys,
            platform = PhonePlatform(
                app = "demo ${packageManager.getPackageInfo(packageName, 0).versionName}",
                model = "${Build.MANUFACTURER} ${Build.MODEL}",
                clock = Clock(),
                location = object : PhoneLocation {
                    override fun here() = this@DemoApp.here()
                },
                observer = object : PhoneObserver {
                    override fun changed(what: Change) {
                        screen.post { watcher?.invoke(what) }
                    }
                },
                log = object : PhoneLog {
                    override fun log(level: LogLevel, text: String) {
                        android.util.Log.println(if (level == LogLevel.FAULT) 6 else 4, "ezhifa", text)
                    }
                },
            ),
        )
    }

    override fun onCreate() {
        super.onCreate()
        SyncJob.schedule(this)
    }

    /** A call on the phone's thread; its answer, or what the officer is told, on the main thread. */
    fun <T> ask(call: FieldOffice.() -> T, failed: (String) -> Unit, done: (T) -> Unit) = on(calls, call, failed, done)

    /** A sync on a thread of its own. */
    fun sync(failed: (String) -> Unit, done: (Synced) -> Unit) = on(network, { setNetwork(state()); sync() }, failed, done)

    private fun <T> on(thread: ExecutorService, call: FieldOffice.() -> T, failed: (String) -> Unit, done: (T) -> Unit) {
        thread.execute {
            try {
                val answer = phone.call()
                screen.post { done(answer) }
            } catch (e: PhoneException) {
                screen.post { failed(e.sentence) }
            }
        }
    }

    /** What Android knows of the network. */
    fun state(): Network {
        val manager = getSystemService(Context.CONNECTIVITY_SERVICE) as ConnectivityManager
        val can = manager.getNetworkCapabilities(manager.activeNetwork) ?: return Network.OFFLINE
        return when {
            !can.hasCapability(NetworkCapabilities.NET_CAPABILITY_VALIDATED) -> Network.CAPTIVE
            can.hasCapability(NetworkCapabilities.NET_CAPABILITY_NOT_METERED) -> Network.ONLINE
            else -> Network.METERED
        }
    }

    private inner class Clock : PhoneClock {
        private val boot = "boot-" + Settings.Global.getInt(contentResolver, Settings.Global.BOOT_COUNT, 0)
        override fun now() = ClockStamp(Instant.now(), SystemClock.elapsedRealtime(), boot)
    }

    /** The last good position. */
    fun here(): Fix? {
        if (checkSelfPermission(Manifest.permission.ACCESS_FINE_LOCATION) != PackageManager.PERMISSION_GRANTED) return null
        val manager = getSystemService(Context.LOCATION_SERVICE) as LocationManager
        val last = manager.getLastKnownLocation(LocationManager.GPS_PROVIDER) ?: return null
        val ageMs = (SystemClock.elapsedRealtimeNanos() - last.elapsedRealtimeNanos) / 1_000_000
        if (ageMs > 120_000) return null // an old position is none
        return Fix((last.latitude * 1e7).toLong(), (last.longitude * 1e7).toLong(), (last.accuracy * 100).toLong(), "gnss")
    }
}
