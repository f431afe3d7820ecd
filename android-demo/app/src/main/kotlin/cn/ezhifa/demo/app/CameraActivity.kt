package cn.ezhifa.demo.app

import android.annotation.SuppressLint
import android.app.Activity
import android.graphics.ImageFormat
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.media.ImageReader
import android.os.Bundle
import android.view.SurfaceHolder
import android.view.SurfaceView
import android.widget.Toast
import java.nio.ByteBuffer
import java.util.concurrent.atomic.AtomicReference

/**
 * One picture, straight from the sensor into a direct buffer and from there into the phone: it never lies in a file, an
 * album or another app.
 */
class CameraActivity : Activity(), SurfaceHolder.Callback {
    private var camera: CameraDevice? = null
    private var session: CameraCaptureSession? = null
    private val reader = ImageReader.newInstance(1920, 1080, ImageFormat.JPEG, 2)

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        Drawn(this, "拍照").apply {
            view(SurfaceView(this@CameraActivity).apply { holder.addCallback(this@CameraActivity) }, 420)
            action("拍照") { shoot() }
        }.show()
        reader.setOnImageAvailableListener({ from ->
            from.acquireLatestImage()?.use { image ->
                val jpeg = image.planes[0].buffer
                taken.set(ByteBuffer.allocateDirect(jpeg.remaining()).apply { put(jpeg); flip() })
                setResult(RESULT_OK)
                finish()
            }
        }, null)
    }

    @SuppressLint("MissingPermission") // asked for before a case is begun
    override fun surfaceCreated(holder: SurfaceHolder) {
        val manager = getSystemService(CAMERA_SERVICE) as CameraManager
        try {
            val back = manager.cameraIdList.first {
                manager.getCameraCharacteristics(it).get(CameraCharacteristics.LENS_FACING) == CameraCharacteristics.LENS_FACING_BACK
            }
            manager.openCamera(back, Opened(holder), null)
        } catch (_: Exception) {
            Toast.makeText(this, "相机不可用，请检查权限", Toast.LENGTH_LONG).show()
            finish()
        }
    }

    override fun surfaceChanged(holder: SurfaceHolder, format: Int, width: Int, height: Int) = Unit

    override fun surfaceDestroyed(holder: SurfaceHolder) = shut()

    override fun onDestroy() {
        shut()
        reader.close()
        super.onDestroy()
    }

    private fun shut() {
        session?.close()
        camera?.close()
        session = null
        camera = null
    }

    private fun shoot() {
        val device = camera ?: return
        val request = device.createCaptureRequest(CameraDevice.TEMPLATE_STILL_CAPTURE).apply {
            addTarget(reader.surface)
            set(CaptureRequest.JPEG_QUALITY, 85.toByte())
            set(CaptureRequest.JPEG_ORIENTATION, 90)
        }
        session?.capture(request.build(), null, null)
    }

    private inner class Opened(private val holder: SurfaceHolder) : CameraDevice.StateCallback() {
        override fun onOpened(device: CameraDevice) {
            camera = device
            @Suppress("DEPRECATION") // the newer form needs API 28
            device.createCaptureSession(listOf(holder.surface, reader.surface), object : CameraCaptureSession.StateCallback() {
                override fun onConfigured(ready: CameraCaptureSession) {
                    session = ready
                    val preview = device.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW).apply { addTarget(holder.surface) }
                    ready.setRepeatingRequest(preview.build(), null, null)
                }

                override fun onConfigureFailed(failed: CameraCaptureSession) = finish()
            }, null)
        }

        override fun onDisconnected(device: CameraDevice) = device.close()

        override fun onError(device: CameraDevice, error: Int) = device.close()
    }

    companion object {
        /** The last picture, for the screen that asked. */
        val taken = AtomicReference<ByteBuffer?>()
    }
}
