// Everything of the demo that needs no Android: view models, Bluetooth framing. Pure JVM, so that it is tested on a
// desk; tests/bindings.sh kotlin runs the tests without Gradle.
plugins {
    kotlin("jvm")
}

val generated = rootProject.layout.buildDirectory.dir("ezhifa")

kotlin {
    jvmToolchain(17)
    sourceSets["main"].kotlin.srcDirs(generated.map { it.dir("kotlin") }, "../../bindings/kotlin/src/main/kotlin")
}

val native = tasks.register<Exec>("native") {
    description = "Builds the library for every ABI and generates its Kotlin."
    commandLine("../../bindings/build-android.sh", generated.get().asFile.path)
    // Cargo knows better than Gradle what is up to date.
    outputs.upToDateWhen { false }
}
tasks.named("compileKotlin") { dependsOn(native) }

dependencies {
    // The app brings JNA as an AAR; here its classes are enough.
    compileOnly("net.java.dev.jna:jna:5.19.1")
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.10.2")
    testImplementation("net.java.dev.jna:jna:5.19.1")
    testImplementation(kotlin("test-junit"))
}

// The tests need an HQ and printers: tests/bindings.sh kotlin starts them and names their folder.
tasks.named<Test>("test") {
    val work = providers.systemProperty("ezhifa.work").orNull
    onlyIf("-Dezhifa.work names no folder; tests/bindings.sh kotlin does all of it") { work != null }
    work?.let { systemProperty("ezhifa.work", it) }
}
