// The Android library: Kotlin from the generator, .so files from cargo-ndk (../build-android.sh makes both).
plugins {
    id("com.android.library")
}

val generated = layout.buildDirectory.dir("generated/ezhifa")

android {
    namespace = "cn.ezhifa.field"
    compileSdk = 36
    defaultConfig {
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    sourceSets["main"].apply {
        kotlin.srcDir(generated.map { it.dir("kotlin") })
        jniLibs.srcDir(generated.map { it.dir("jniLibs") })
    }
}

val native = tasks.register<Exec>("native") {
    description = "Builds the library for every ABI and generates its Kotlin."
    commandLine("../build-android.sh", generated.get().asFile.path)
    outputs.dir(generated)
    // Cargo knows better than Gradle what is up to date.
    outputs.upToDateWhen { false }
}
tasks.named("preBuild") { dependsOn(native) }

dependencies {
    // 5.17 and later are aligned to 16 KB pages.
    api("net.java.dev.jna:jna:5.19.1@aar")
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.10.2")
    testImplementation("net.java.dev.jna:jna:5.19.1")
}
