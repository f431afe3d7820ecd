// swift-tools-version: 5.10
// View models and Bluetooth framing of the demo: no UIKit, no CoreBluetooth, so that it is tested on Linux too
// (tests/bindings.sh swift).
import PackageDescription

let package = Package(
    name: "FieldKit",
    platforms: [.iOS(.v15), .macOS(.v13)],
    products: [.library(name: "FieldKit", targets: ["FieldKit"])],
    dependencies: [.package(name: "EZhifa", path: "../../bindings/swift")],
    targets: [
        .target(name: "FieldKit", dependencies: ["EZhifa"]),
        .testTarget(name: "FieldKitTests", dependencies: ["FieldKit"]),
    ]
)
