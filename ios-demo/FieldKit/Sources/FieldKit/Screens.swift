import EZhifa
import Foundation

/// The library says a state in both languages; officers read the first.
public func chinese(_ text: String) -> String { text.components(separatedBy: " / ").first ?? text }

/// What a print came to, in words that promise nothing.
public func honest(_ printed: Printed) -> String {
    switch printed.result {
    case .printed: return printed.copy == 0 ? "已打印" : "已补打（第 \(printed.copy) 次）"
    case .notPrinted(let reason): return "没有打印：\(chinese(printed.reason))（\(reason)）"
    case .unknown: return "不知道是否打印完整，请看纸：完整、清晰吗？"
    }
}

/// How far away, in words; empty where one of the places is not known. Flat is exact enough within a branch.
public func far(_ here: Fix?, _ latE7: Int64?, _ lonE7: Int64?) -> String {
    guard let here, let latE7, let lonE7 else { return "" }
    let perUnit = 0.011132  // metres in 1e-7 degree of latitude
    let north = Double(latE7 - here.latE7) * perUnit
    let east = Double(lonE7 - here.lonE7) * perUnit * cos(Double(here.latE7) / 1e7 * .pi / 180)
    let metres = (north * north + east * east).squareRoot()
    return metres < 1000 ? "\(Int(metres))米 " : String(format: "%.1f公里 ", metres / 1000)
}

/// An answer in the words of the question.
public func said(_ question: Question, _ value: Value) -> String {
    switch (value, question.answer) {
    case (.bool(let yes), _): return yes ? "是" : "否"
    case (.int(let stored), .int(let unit, let decimals, _, _)):
        return "\(Decimal(sign: .plus, exponent: -Int(decimals), significand: Decimal(stored)))\(unit)"
    case (.int(let stored), _): return "\(stored)"
    case (.choice(let word), .choice(let options)): return options.first { $0.value == word }?.label ?? word
    case (.choice(let word), _): return word
    case (.unknown, _): return "不清楚"
    }
}

/// How far a case is, for the officer.
public func said(_ phase: Phase) -> String {
    switch phase {
    case .unopened: return "未立案"
    case .gathering: return "取证"
    case .proposed: return "已建议"
    case .noticed: return "已告知"
    case .heard: return "已听取"
    case .decided: return "已决定，待签发"
    case .issued: return "已签发，待打印"
    case .printed: return "已打印，待交付"
    case .takingRefused: return "拒绝接收"
    case .served: return "已送达"
    case .handedOver: return "已转出"
    case .closed: return "已结案"
    }
}

/// The same for a line of a list, which has the phase as a word (`taking_refused`).
public func said(phase word: String) -> String {
    let plain = word.replacingOccurrences(of: "_", with: "")
    return Phase.allCases.first { "\($0)".lowercased() == plain }.map { said($0) } ?? word
}

/// What is still owed before or after a decision.
public func said(_ duty: Duty) -> String {
    switch duty {
    case .educate: return "教育"
    case .notifyGuardian: return "责令监护人管教"
    case .proveCorrection: return "改正后拍照"
    case .recheck: return "到期复查"
    case .headConfirms: return "负责人审查"
    case .confirmHistory: return "指挥中心复核首次违法"
    }
}

/// Where a lead came from, as its case is opened.
public func source(of lead: Lead) -> Source {
    switch lead.source {
    case "patrol": return .patrolLead(lead: lead.lead)
    case "citizen_report": return .citizenReport(lead: lead.lead)
    case "video_lead": return .videoLead(lead: lead.lead, auditedBy: lead.auditedBy)
    case "petition": return .petition(lead: lead.lead)
    case "drone": return .drone(lead: lead.lead)
    default: return .otherOrgan(lead: lead.lead)
    }
}

/// Sync in one line.
public func syncLine(_ status: Status) -> String {
    if status.unsyncedEntries == 0 && status.unsyncedPhotos == 0 { return "全部已上报" }
    let why = status.why.isEmpty ? "" : "（\(chinese(status.why))）"
    return "待上报：记录 \(status.unsyncedEntries)，照片 \(status.unsyncedPhotos)\(why)"
}

/// The day in figures.
public struct Day: Sendable, Equatable {
    public let cases, fined, notPunished, unfiled: Int
    public let fen: Int64
}

/// All times are the law's: Beijing time.
public let beijing = TimeZone(secondsFromGMT: 8 * 3600)!

/// What the crew did on the day of `moment`.
public func day(_ phone: FieldOffice, of moment: Date) throws -> Day {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = beijing
    let from = calendar.startOfDay(for: moment)
    let found = try phone.find(query: .opened(from: from, to: from.addingTimeInterval(86_400)), most: 500)
    let lines = found.filter { !$0.drill }
    let mild: [Outcome] = [.noPenalty, .noPenaltyProposed, .advice, .orderComplied]
    return Day(
        cases: lines.count,
        fined: lines.filter { $0.outcome == .fine || $0.outcome == .warningAndFine }.count,
        notPunished: lines.filter { $0.outcome.map(mild.contains) ?? false }.count,
        unfiled: lines.filter { !$0.numbers.isEmpty && !$0.filed }.count,
        fen: lines.reduce(0) { $0 + $1.amount.fen })
}

/// What a text reader saw on a 居民身份证 becomes a party: the number with its check digit decides, names and addresses
/// are what follows their labels. Nothing is kept of the picture.
public func readCard(_ lines: [String]) throws -> Read? {
    let text = lines.map { $0.replacingOccurrences(of: " ", with: "") }
    func number(in line: String) -> String? {
        line.range(of: "[1-9][0-9]{16}[0-9Xx]", options: .regularExpression).map { String(line[$0]) }
    }
    guard let number = text.compactMap(number).first, try readResidentId(text: number) != nil else { return nil }
    func after(_ label: String) -> String {
        text.first { $0.hasPrefix(label) }.map { String($0.dropFirst(label.count)) } ?? ""
    }
    return Read(name: after("姓名"), number: number, address: after("住址"))
}
