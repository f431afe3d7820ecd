// What a start and a call cost from Kotlin, on an enrolled phone with cases: Bench WORK_FOLDER. tests/bindings.sh bench
// runs it; docs/performance.md has the figures.
import cn.ezhifa.field.*

private fun <T> once(what: String, call: () -> T): T {
    val began = System.nanoTime()
    return call().also { println("kotlin  %-20s %9.2f ms".format(what, (System.nanoTime() - began) / 1e6)) }
}

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
        val keys = Keystore()
        val phone = once("load and open") { FieldOffice.open("${args[0]}/store", "${args[0]}/mark", keys) }
        once("first screen's data") { check(phone.isEnrolled()); phone.crew(); phone.roster() }
        once("readiness") { phone.readiness(); phone.status() }
        once("home screen's data") { phone.leads(); phone.openOrders(); phone.offences() }
        cost("smallest call", 20000) { phone.isEnrolled() }
        cost("list of records", 2000) { printerKinds() }
        cost("text in, record out", 2000) { readResidentId("44190019780921215X") }
        cost("refusal", 2000) { try { phone.case(CaseId("c-none")) } catch (_: PhoneException) { } }
        cost("twenty cases", 200) { phone.cases(20u) }
    }
}
