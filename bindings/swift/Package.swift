// swift-tools-version: 5.10
// ../build-ios.sh (Apple) or ../generate.sh (Linux) put the generated code and the library in place first.
import PackageDescription

#if os(Linux)
    let ffi = Target.systemLibrary(name: "EZhifaFFI", path: "Generated/EZhifaFFI")
#else
    let ffi = Target.binaryTarget(name: "EZhifaFFI", path: "EZhifaFFI.xcframework")
#endif

let package = Package(
    name: "EZhifa",
    platforms: [.iOS(.v15), .macOS(.v13)],
    products: [.library(name: "EZhifa", targets: ["EZhifa"])],
    targets: [
        ffi,
        .target(name: "EZhifa", dependencies: ["EZhifaFFI"]),
    ]
)
