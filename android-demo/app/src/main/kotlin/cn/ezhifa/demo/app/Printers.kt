package cn.ezhifa.demo.app

import android.annotation.SuppressLint
import android.bluetooth.BluetoothDevice
import android.bluetooth.BluetoothGatt
import android.bluetooth.BluetoothGattCallback
import android.bluetooth.BluetoothGattCharacteristic
import android.bluetooth.BluetoothGattDescriptor
import android.bluetooth.BluetoothManager
import android.bluetooth.BluetoothProfile
import android.content.Context
import android.os.Build
import cn.ezhifa.demo.BleLink
import cn.ezhifa.demo.BlePipe
import cn.ezhifa.demo.SppLink
import cn.ezhifa.demo.bleKinds
import cn.ezhifa.field.AppException
import cn.ezhifa.field.PrinterLink
import java.io.IOException
import java.util.UUID
import java.util.concurrent.CompletableFuture
import java.util.concurrent.ExecutionException
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException

/** Printers that the officer has paired in Android's settings: needs BLUETOOTH_CONNECT and nothing else. */
@SuppressLint("MissingPermission") // asked for by the screen that comes before
class Printers(private val context: Context) {
    private val adapter get() = (context.getSystemService(Context.BLUETOOTH_SERVICE) as BluetoothManager).adapter

    /** Paired devices by name. */
    fun paired(): Map<String, BluetoothDevice> = try {
        adapter?.bondedDevices.orEmpty().associateBy { it.name ?: it.address }
    } catch (_: SecurityException) {
        emptyMap()
    }

    /** Connects. Blocks: not on the main thread. */
    fun connect(device: BluetoothDevice): PrinterLink = try {
        if (device.type == BluetoothDevice.DEVICE_TYPE_LE) lowEnergy(device) else serial(device)
    } catch (_: SecurityException) {
        throw AppException.Failed("没有蓝牙权限 / no Bluetooth permission")
    } catch (_: IOException) {
        throw AppException.Failed("连不上打印机 / cannot reach the printer")
    }

    private fun serial(device: BluetoothDevice): PrinterLink {
        adapter.cancelDiscovery() // a search makes a connection slow or breaks it
        val socket = device.createRfcommSocketToServiceRecord(SERIAL_PORT)
        socket.connect()
        return SppLink(socket.inputStream, socket.outputStream) { socket.close() }
    }

    private fun lowEnergy(device: BluetoothDevice): PrinterLink {
        val ready = CompletableFuture<BleLink>()
        val gatt = device.connectGatt(context, false, Session(ready), BluetoothDevice.TRANSPORT_LE)
        return try {
            ready.get(15, TimeUnit.SECONDS)
        } catch (_: TimeoutException) {
            gatt.close()
            throw AppException.Failed("打印机没有响应 / the printer does not answer")
        } catch (e: ExecutionException) {
            gatt.close()
            throw AppException.Failed(e.cause?.message ?: "连不上打印机 / cannot reach the printer")
        }
    }

    /** One GATT connection: services, notifications, packets. */
    private class Session(private val ready: CompletableFuture<BleLink>) : BluetoothGattCallback() {
        private var mtu = 23
        private var link: BleLink? = null

        override fun onConnectionStateChange(gatt: BluetoothGatt, status: Int, state: Int) {
            if (state == BluetoothProfile.STATE_CONNECTED) {
                gatt.requestMtu(247)
            } else {
                link?.ended()
                ready.completeExceptionally(IOException("连接已断开 / disconnected"))
                gatt.close()
            }
        }

        override fun onMtuChanged(gatt: BluetoothGatt, size: Int, status: Int) {
            if (status == BluetoothGatt.GATT_SUCCESS) mtu = size
            gatt.discoverServices()
        }

        override fun onServicesDiscovered(gatt: BluetoothGatt, status: Int) {
            val found = bleKinds.firstNotNullOfOrNull { kind ->
                val service = gatt.getService(UUID.fromString(kind.service))
                service?.getCharacteristic(UUID.fromString(kind.write))?.let { it to service.getCharacteristic(UUID.fromString(kind.notify)) }
            }
            if (found == null) {
                ready.completeExceptionally(IOException("不认识这种打印机 / an unknown kind of printer"))
                return
            }
            val (write, notify) = found
            val withResponse = write.properties and BluetoothGattCharacteristic.PROPERTY_WRITE != 0
            link = BleLink(Pipe(gatt, write, withResponse), mtu, withResponse)
            if (notify == null || !listen(gatt, notify)) ready.complete(link)
        }

        private fun listen(gatt: BluetoothGatt, notify: BluetoothGattCharacteristic): Boolean {
            gatt.setCharacteristicNotification(notify, true)
            val switch = notify.getDescriptor(NOTIFICATIONS) ?: return false
            return if (Build.VERSION.SDK_INT >= 33) {
                gatt.writeDescriptor(switch, BluetoothGattDescriptor.ENABLE_NOTIFICATION_VALUE) == 0
            } else {
                @Suppress("DEPRECATION")
                switch.setValue(BluetoothGattDescriptor.ENABLE_NOTIFICATION_VALUE)
                @Suppress("DEPRECATION")
                gatt.writeDescriptor(switch)
            }
        }

        override fun onDescriptorWrite(gatt: BluetoothGatt, descriptor: BluetoothGattDescriptor, status: Int) {
            ready.complete(link)
        }

        override fun onCharacteristicWrite(gatt: BluetoothGatt, what: BluetoothGattCharacteristic, status: Int) {
            if (status == BluetoothGatt.GATT_SUCCESS) link?.written() else link?.ended()
        }

        override fun onCharacteristicChanged(gatt: BluetoothGatt, what: BluetoothGattCharacteristic, value: ByteArray) {
            link?.received(value)
        }

        @Deprecated("Android 12 and older call this one")
        override fun onCharacteristicChanged(gatt: BluetoothGatt, what: BluetoothGattCharacteristic) {
            @Suppress("DEPRECATION")
            if (Build.VERSION.SDK_INT < 33) link?.received(what.value)
        }
    }

    private class Pipe(
        private val gatt: BluetoothGatt,
        private val to: BluetoothGattCharacteristic,
        withResponse: Boolean,
    ) : BlePipe {
        private val kind = if (withResponse) BluetoothGattCharacteristic.WRITE_TYPE_DEFAULT else BluetoothGattCharacteristic.WRITE_TYPE_NO_RESPONSE

        override fun send(packet: ByteArray): Boolean = if (Build.VERSION.SDK_INT >= 33) {
            gatt.writeCharacteristic(to, packet, kind) == 0
        } else {
            @Suppress("DEPRECATION")
            to.setValue(packet)
            to.writeType = kind
            @Suppress("DEPRECATION")
            gatt.writeCharacteristic(to)
        }

        override fun close() {
            gatt.disconnect()
        }
    }

    private companion object {
        val SERIAL_PORT: UUID = UUID.fromString("00001101-0000-1000-8000-00805f9b34fb")
        val NOTIFICATIONS: UUID = UUID.fromString("00002902-0000-1000-8000-00805f9b34fb")
    }
}
