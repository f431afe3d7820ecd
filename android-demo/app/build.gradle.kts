// Framework APIs only (docs/decisions/0071): no AndroidX, so that the whole app is type-checked on any desk.
plugins {
    id("com.android.application")
}

android {
    namespace = "cn.ezhifa.demo.app"
    compileSdk = 36
    ndkVersion = "28.2.13676358"
    defaultConfig {
        applicationId = "cn.ezhifa.demo"
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "0.1.0"
        ndk { abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64") }
    }
    buildTypes {
        release {
            isMinifyEnabled = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "../../bindings/kotlin/consumer-rules.pro")
        }
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    sourceSets["main"].jniLibs.srcDir(rootProject.layout.buildDirectory.dir("ezhifa/jniLibs"))
}

tasks.named("preBuild") { dependsOn(":fieldkit:native") }

dependencies {
    implementation(project(":fieldkit"))
    // 5.17 and later are aligned to 16 KB pages.
    implementation("net.java.dev.jna:jna:5.19.1@aar")
}
