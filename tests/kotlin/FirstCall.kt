// The first call from Kotlin, against the real library. tests/bindings.sh builds and runs it.
import cn.ezhifa.field.FieldOffice
import cn.ezhifa.field.PhoneException
import cn.ezhifa.field.PhoneKeys
import cn.ezhifa.field.Why
import java.nio.file.Files
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.spec.ECGenParameterSpec

/** What an app does with Android Keystore, here with keys in memory. */
class Keystore(private val locked: Boolean = false) : PhoneKeys {
    private val pair =
        KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
    var signed = 0

    override fun databaseKey(): ByteArray = ByteArray(32) { 7 }

    // SubjectPublicKeyInfo of P-256 ends with the 65 bytes of SEC1.
    override fun devicePublicKey(): ByteArray {
        if (locked) throw PhoneException.Store(Why("locked", "手机已锁定", "the phone is locked", "", "请解锁", "Unlock it."))
        return pair.public.encoded.takeLast(65).toByteArray()
    }

    override fun sign(message: ByteArray): ByteArray {
        signed += 1
        return Signature.getInstance("SHA256withECDSA").run { initSign(pair.private); update(message); sign() }
    }
}

inline fun <reified E : PhoneException> refused(call: () -> Unit): E =
    try { call(); null } catch (e: PhoneException) { e as? E ?: throw e } ?: error("no refusal")

fun main() {
    val folder = Files.createTempDirectory("ezhifa").toString()
    val keystore = Keystore()

    // The README's lines.
    val phone = FieldOffice.open("$folder/store", "$folder/mark", keystore)
    check(!phone.isEnrolled())                       // next: phone.enrol(ticket), then phone.sync()
    try {
        phone.openCase("解放路 1 号")
    } catch (e: PhoneException.NotReady) {
        println("${e.why.zh}，${e.why.nextZh}")      // 本机尚未在指挥中心注册，请扫描注册票据
    }

    val why = refused<PhoneException.NotReady> { phone.openCase("解放路 1 号") }.why
    check(why.code == "not_enrolled" && why.en == "this phone is not enrolled at HQ") { why }
    check(refused<PhoneException.NotReady> { phone.readiness() }.why.code == "not_enrolled")

    // The request of an enrolment is signed by the keystore before it finds that nobody listens.
    val hqKey = "04" + "6b".repeat(64)
    val ticket = """ezhifa:{"v":1,"url":"http://127.0.0.1:9","code":"ABCDEFGHIJKLMNOP","hq_key":{"alg":"p256-sha256","bytes":"$hqKey"}}"""
    check(refused<PhoneException.Network> { phone.enrol(ticket) }.why.code == "network")
    check(keystore.signed == 1) { "signed ${keystore.signed} times" }

    // The app's own error comes back as the app threw it.
    check(refused<PhoneException.Store> { FieldOffice.open("$folder/b", "$folder/c", Keystore(locked = true)) }.why.code == "locked")
    phone.close()
    println("Kotlin: ok")
}
