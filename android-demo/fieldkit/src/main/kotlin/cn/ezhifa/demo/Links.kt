package cn.ezhifa.demo

import cn.ezhifa.field.AppException
import cn.ezhifa.field.PrinterLink
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.Semaphore
import java.util.concurrent.TimeUnit

/** Bytes that come in on one thread and are read with a time limit on another. */
class Inbox {
    private val come = LinkedBlockingQueue<ByteArray>()
    private var rest = ByteArray(0)

    /** From the platform's callback. */
    fun take(bytes: ByteArray) {
        if (bytes.isNotEmpty()) come.put(bytes)
    }

    /** At most [most] bytes; none when nothing came in time. */
    fun read(most: Int, withinMs: Long): ByteArray {
        if (rest.isEmpty()) rest = come.poll(withinMs, TimeUnit.MILLISECONDS) ?: return rest
        val out = rest.copyOf(minOf(most, rest.size))
        rest = rest.copyOfRange(out.size, rest.size)
        return out
    }
}

/**
 * Bluetooth classic, serial port profile: two streams. A Bluetooth stream cannot be read with a time limit,
 * so a thread of its own reads it.
 */
class SppLink(input: InputStream, private val output: OutputStream, private val shut: () -> Unit) : PrinterLink {
    private val inbox = Inbox()
    @Volatile private var ended = false
    private val reader = Thread {
        val buffer = ByteArray(256)
        try {
            while (true) {
                val n = input.read(buffer)
                if (n < 0) break
                inbox.take(buffer.copyOf(n))
            }
        } catch (_: IOException) {
            // The printer went away: the next write says so.
        }
        ended = true
    }.apply { isDaemon = true; name = "printer"; start() }

    override fun write(bytes: ByteArray): UInt {
        if (ended) throw AppException.Closed()
        try {
            output.write(bytes)
            output.flush()
        } catch (_: IOException) {
            throw AppException.Closed()
        }
        return bytes.size.toUInt()
    }

    override fun read(most: UInt, withinMs: UInt): ByteArray {
        val got = inbox.read(most.toInt(), withinMs.toLong())
        if (got.isEmpty() && ended) throw AppException.Closed()
        return got
    }

    override fun lossless() = true

    override fun end() {
        shut()
        reader.interrupt()
    }
}

/** Service, write and notify characteristics of a kind of BLE printer. */
data class BleKind(val service: String, val write: String, val notify: String)

/** The kinds that are sold most. UUIDs are the makers' own: another printer may need another line here. */
val bleKinds = listOf(
    BleKind(short("18f0"), short("2af1"), short("2af0")),
    BleKind(short("ff00"), short("ff02"), short("ff01")),
    BleKind(
        "49535343-fe7d-4ae5-8fa9-9fafd205e455",
        "49535343-8841-43f4-a8d4-ecbe34729bb3",
        "49535343-1e4d-4bd9-ba61-23c647249616",
    ),
)

private fun short(uuid: String) = "0000$uuid-0000-1000-8000-00805f9b34fb"

/** What the platform's GATT gives: one characteristic to write to. */
interface BlePipe {
    /** Starts writing one packet; [BleLink.written] is called when the stack took it. */
    fun send(packet: ByteArray): Boolean

    /** Ends the connection. */
    fun close()
}

/**
 * Bluetooth low energy: packets of MTU minus three bytes, one under way at a time. Write without response may
 * lose a packet without telling anybody, and then the link says that it is not lossless.
 */
class BleLink(
    private val pipe: BlePipe,
    private val mtu: Int,
    private val withResponse: Boolean,
    private val patienceMs: Long = 1000,
) : PrinterLink {
    private val inbox = Inbox()
    private val free = Semaphore(1)
    @Volatile private var ended = false

    /** From the platform: the last packet is on its way. */
    fun written() {
        if (free.availablePermits() == 0) free.release()
    }

    /** From the platform: the printer said something. */
    fun received(bytes: ByteArray) = inbox.take(bytes)

    /** From the platform: the connection ended. */
    fun ended() {
        ended = true
        written()
    }

    /** Takes one packet; none while the last one is still under way. */
    override fun write(bytes: ByteArray): UInt {
        if (ended) throw AppException.Closed()
        if (!free.tryAcquire(patienceMs, TimeUnit.MILLISECONDS)) return 0u
        if (ended) throw AppException.Closed()
        val packet = bytes.copyOf(minOf(bytes.size, maxOf(mtu - 3, 20)))
        if (!pipe.send(packet)) {
            free.release()
            return 0u
        }
        return packet.size.toUInt()
    }

    override fun read(most: UInt, withinMs: UInt): ByteArray {
        val got = inbox.read(most.toInt(), withinMs.toLong())
        if (got.isEmpty() && ended) throw AppException.Closed()
        return got
    }

    override fun lossless() = withResponse

    override fun end() = pipe.close()
}
