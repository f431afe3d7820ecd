package cn.ezhifa.demo.app

import android.content.Context
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import cn.ezhifa.field.PhoneException
import cn.ezhifa.field.PhoneKeys
import cn.ezhifa.field.Why
import java.io.File
import java.security.GeneralSecurityException
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.SecureRandom
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * Android Keystore. The database key is random bytes, wrapped by a key that never leaves the hardware; the wrapped
 * bytes lie outside every back-up. Neither key is bound to the user's biometrics: a new fingerprint would cost the
 * evidence.
 */
class Keystore(context: Context) : PhoneKeys {
    private val wrapped = File(context.noBackupFilesDir, "database-key")
    private val store = KeyStore.getInstance("AndroidKeyStore").apply { load(null) }

    override fun databaseKey(): ByteArray = orLocked {
        if (wrapped.exists()) {
            val bytes = wrapped.readBytes()
            return@orLocked cipher(Cipher.DECRYPT_MODE, GCMParameterSpec(128, bytes, 0, IV)).doFinal(bytes, IV, bytes.size - IV)
        }
        val key = ByteArray(32).also(SecureRandom()::nextBytes)
        val cipher = cipher(Cipher.ENCRYPT_MODE, null)
        val draft = File(wrapped.path + ".part")
        draft.outputStream().use { out ->
            out.write(cipher.iv)
            out.write(cipher.doFinal(key))
            out.fd.sync()
        }
        check(draft.renameTo(wrapped))
        key
    }

    // SubjectPublicKeyInfo of P-256 ends with the 65 bytes of SEC1.
    override fun devicePublicKey(): ByteArray = orLocked {
        if (!store.containsAlias(DEVICE)) {
            KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, "AndroidKeyStore").apply {
                initialize(
                    KeyGenParameterSpec.Builder(DEVICE, KeyProperties.PURPOSE_SIGN)
                        .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
                        .setDigests(KeyProperties.DIGEST_SHA256)
                        .build(),
                )
            }.generateKeyPair()
        }
        store.getCertificate(DEVICE).publicKey.encoded.takeLast(65).toByteArray()
    }

    override fun sign(message: ByteArray): ByteArray = orLocked {
        val key = (store.getEntry(DEVICE, null) as KeyStore.PrivateKeyEntry).privateKey
        Signature.getInstance("SHA256withECDSA").run { initSign(key); update(message); sign() }
    }

    /** After HQ's wipe order: nothing on this phone can be read any more. */
    fun destroy() {
        store.deleteEntry(WRAP)
        store.deleteEntry(DEVICE)
        wrapped.delete()
    }

    private fun cipher(mode: Int, parameters: GCMParameterSpec?): Cipher {
        val key = store.getKey(WRAP, null) as SecretKey? ?: KeyGenerator.getInstance("AES", "AndroidKeyStore").run {
            init(
                KeyGenParameterSpec.Builder(WRAP, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
                    .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                    .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                    .setKeySize(256)
                    .build(),
            )
            generateKey()
        }
        return Cipher.getInstance("AES/GCM/NoPadding").apply { if (parameters == null) init(mode, key) else init(mode, key, parameters) }
    }

    private fun <T> orLocked(call: () -> T): T = try {
        call()
    } catch (e: KeyPermanentlyInvalidatedException) {
        throw keystore("keystore_reset", "系统密钥库已被重置", "the keystore was reset", "请联系技术人员", "Tell the developers.")
    } catch (e: GeneralSecurityException) {
        throw keystore("keystore_locked", "手机已锁定，密钥不可用", "the phone is locked", "请解锁后重试", "Unlock it and try again.")
    }

    private fun keystore(code: String, zh: String, en: String, nextZh: String, nextEn: String) =
        PhoneException.Store(Why(code, zh, en, "", nextZh, nextEn))

    private companion object {
        const val WRAP = "ezhifa.wrap"
        const val DEVICE = "ezhifa.device"
        const val IV = 12
    }
}
