import EZhifa
import Foundation

/// One line of the check before a shift.
public struct Check: Sendable, Equatable {
    public let text: String
    public let ok: Bool

    public init(text: String, ok: Bool) { (self.text, self.ok) = (text, ok) }
}

/// What only the platform knows of readiness. iOS tells no app whether the time is set automatically: the clock is
/// judged by its difference to HQ's.
public struct Device: Sendable {
    public let batteryPercent: Int

    public init(batteryPercent: Int) { self.batteryPercent = batteryPercent }
}

/// The library's lines, the printer's own and the platform's, what is missing first.
public func readiness(_ phone: FieldOffice, printer: CrewPrinter?, _ device: Device) throws -> [Check] {
    let ours = [
        printerLine(printer), paperLine(printer),
        Check(text: "电量 \(device.batteryPercent)%", ok: device.batteryPercent >= 30),
        timeLine(try phone.status().skewMs),
    ]
    let lines = try phone.readiness().map { Check(text: $0.zh, ok: $0.ok) } + ours
    return lines.filter { !$0.ok } + lines.filter(\.ok)
}

private func printerLine(_ printer: CrewPrinter?) -> Check {
    guard let printer else { return Check(text: "未连接打印机", ok: false) }
    if printer.answer.canPrint { return Check(text: "打印机：\(printer.name)", ok: true) }
    return Check(text: "打印机：\(printer.name)，\(chinese(printer.answer.said))", ok: false)
}

/// What the printer says of its roll; one that says nothing is no proof of paper.
private func paperLine(_ printer: CrewPrinter?) -> Check {
    switch printer?.answer.paper {
    case nil: return Check(text: "打印纸：未连接打印机，不知道", ok: false)
    case .unknown: return Check(text: "打印纸：打印机没有说，请打开看一眼", ok: false)
    case .ok: return Check(text: "打印纸正常", ok: true)
    case .nearEnd: return Check(text: "打印纸快用完，请带上备用纸卷", ok: false)
    case .out: return Check(text: "打印机缺纸", ok: false)
    }
}

/// In place of the switch 自动设置, which iOS hides: a minute is what a clock that sets itself never misses.
func timeLine(_ skewMs: Int64?) -> Check {
    let hidden = "iOS 不告诉应用时间是否自动设置"
    guard let skewMs else { return Check(text: "\(hidden)；尚未与指挥中心对时，请同步一次", ok: false) }
    let seconds = skewMs.magnitude / 1000
    if seconds < 60 { return Check(text: "\(hidden)；与指挥中心相差\(seconds)秒", ok: true) }
    return Check(text: "\(hidden)；与指挥中心相差\(seconds)秒，请在系统设置打开自动设置", ok: false)
}
