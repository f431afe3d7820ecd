// What a call costs from Kotlin. tests/bindings.sh bench runs it; docs/performance.md has the figures.
import cn.ezhifa.field.*
import java.nio.file.Files

private fun cost(what: String, times: Int, call: () -> Unit) {
    repeat(times) { call() }
    val best = (1..5).minOf {
        val began = System.nanoTime()
        repeat(times) { call() }
        System.nanoTime() - began
    }
    println("kotlin  %-20s %9.2f us".format(what, best / 1e3 / times))
}

object Bench {
    @JvmStatic
    fun main(args: Array<String>) {
        val began = System.nanoTime()
        val folder = Files.createTempDirectory("ezhifa").toString()
        val phone = FieldOffice.open("$folder/store", "$folder/mark", Keystore())
        println("kotlin  load and open        %9.2f ms".format((System.nanoTime() - began) / 1e6))
        cost("smallest call", 20000) { phone.isEnrolled() }
        cost("list of records", 2000) { printerKinds() }
        cost("text in, record out", 2000) { readResidentId("44190019780921215X") }
        cost("refusal", 2000) { try { phone.readiness() } catch (_: PhoneException.NotReady) { } }
    }
}
