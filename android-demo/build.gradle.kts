// Gradle 9.4 or later, JDK 17, NDK r28, cargo-ndk. AGP 9 brings its own Kotlin for the app.
plugins {
    id("com.android.application") version "9.1.0" apply false
    kotlin("jvm") version "2.4.20" apply false
}
