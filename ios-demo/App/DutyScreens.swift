import EZhifa
import FieldKit
import SwiftUI

/// Enrolment, sign-in of the two officers with their certificates, and what is missing before the shift.
struct StartScreen: View {
    @EnvironmentObject var phone: Phone
    @EnvironmentObject var printers: Printers
    @State private var enrolled = false
    @State private var ticket = ""
    @State private var roster: [OfficerLine] = []
    @State private var pins: [OfficerId: String] = [:]
    @State private var signedIn: [OfficerId] = []
    @State private var checks: [Check] = []

    var body: some View {
        List {
            if !enrolled {
                Section("注册本机") { TextField("扫描或粘贴注册票据 ezhifa:{…}", text: $ticket) }
            } else if checks.isEmpty {
                Section("两人登录") {
                    ForEach(roster, id: \.id) { officer in
                        let valid = officer.validFrom <= Date() && Date() < officer.validTo.addingTimeInterval(86_400)
                        Line(check: Check(text: "\(officer.name) \(officer.certificate)，证件有效期至 \(onDay(officer.validTo))", ok: valid))
                        if valid && !signedIn.contains(officer.id) {
                            SecureField("口令", text: pin(of: officer.id)).keyboardType(.numberPad).font(.title2)
                            Big("\(officer.name) 登录") { await signIn(officer.id) }
                        }
                    }
                }
            } else {
                Section("上岗检查") { ForEach(checks, id: \.text) { Line(check: $0) } }
                Section("打印机") {
                    ForEach(printers.found, id: \.identifier) { printer in
                        Button(printer.name ?? "打印机") {
                            printers.chosen = printer
                            Task { await check() }
                        }
                    }
                }
            }
        }
        .navigationTitle("小微执法（样例）")
        .safeAreaInset(edge: .bottom) { actions.padding() }
        .task(id: phone.changes) { await load() }
    }

    @ViewBuilder private var actions: some View {
        if !enrolled {
            Big("注册") {
                let typed = ticket
                _ = await phone.ask { try $0.enrol(ticket: typed) }
                await phone.sync()
            }
        } else if checks.isEmpty {
            Big("上岗") { await begin() }
        } else {
            NavigationLink {
                HomeScreen()
            } label: {
                Text("开始执法").font(.title3.bold()).frame(maxWidth: .infinity, minHeight: 56)
            }
        }
    }

    private func pin(of officer: OfficerId) -> Binding<String> {
        Binding {
            pins[officer] ?? ""
        } set: {
            pins[officer] = $0
        }
    }

    private func load() async {
        enrolled = await phone.ask { try $0.isEnrolled() } ?? false
        if enrolled { roster = (await phone.ask { try $0.roster() } ?? []).filter { $0.kind == .certified } }
    }

    private func signIn(_ officer: OfficerId) async {
        let typed = pins[officer] ?? ""
        if await phone.ask({ try $0.signIn(officer: officer, pin: typed) }) != nil { signedIn.append(officer) }
    }

    private func begin() async {
        guard signedIn.count >= 2 else {
            phone.told = "两名执法人员须各自登录（行政处罚法第四十二条第一款）"
            return
        }
        let (lead, second) = (signedIn[0], signedIn[1])
        if await phone.ask({ try $0.setCrew(lead: lead, second: second) }) != nil { await check() }
    }

    /// What is missing before the shift; the printer is asked for itself and its paper.
    private func check() async {
        UIDevice.current.isBatteryMonitoringEnabled = true
        let device = Device(batteryPercent: Int(UIDevice.current.batteryLevel * 100))
        let name = printers.chosen.map { $0.name ?? "打印机" }
        let link = await printers.link()
        checks =
            await phone.ask {
                let printer = try name.map { CrewPrinter(name: $0, answer: try FieldKit.ask(printer: link)) }
                return try readiness($0, printer: printer, device)
            } ?? []
    }
}

/// Tiles of the commonest offences, leads, open orders, sync, search, the day.
struct HomeScreen: View {
    @EnvironmentObject var phone: Phone
    @State private var here: Fix?
    @State private var leads: [Lead] = []
    @State private var orders: [OpenOrder] = []
    @State private var status: Status?
    @State private var number = ""
    @State private var address = ""
    @State private var found: [CaseLine] = []
    @State private var today: Day?

    var body: some View {
        List {
            Section("常见案由") {
                TextField("地点（门牌）", text: $address).font(.title2)
                ForEach(favourites, id: \.offence) { favourite in
                    NavigationLink(favourite.title) { CaseScreen(favourite: favourite, address: address) }.font(.title2).frame(
                        minHeight: 56)
                }
            }
            Section("附近线索") {
                ForEach(leads, id: \.lead) { lead in
                    let favourite = favourites.first { lead.offences.contains($0.offence) } ?? favourites[0]
                    NavigationLink("\(far(here, lead.latE7, lead.lonE7))\(lead.place)：\(lead.text)") {
                        CaseScreen(favourite: favourite, source: source(of: lead), address: lead.place)
                    }
                }
            }
            Section("附近待复查的责令改正") {
                ForEach(orders, id: \.number) {
                    Text("\(far(here, $0.latE7, $0.lonE7))\($0.number) \($0.place)，期限 \(toMinute($0.due))")
                }
            }
            Section("查询") {
                TextField("文书编号", text: $number)
                Big("按编号查") { await search() }
                Big("最近案件") { found = await phone.ask { try $0.cases(most: 50) } ?? [] }
                ForEach(found, id: \.id) { line in
                    NavigationLink("\(line.numbers.first ?? line.place)（\(said(phase: line.phase))\(line.filed ? "，已备案" : "")）") {
                        FoundScreen(id: line.id)
                    }
                }
            }
            if let today {
                Section("今日小结") {
                    Text("案件 \(today.cases) 件，罚款 \(today.fined) 件共 \(Fen(today.fen).yuan)，不罚、劝导、已改正 \(today.notPunished) 件")
                    Line(check: Check(text: "待备案 \(today.unfiled) 件", ok: today.unfiled == 0))
                }
            }
            if let status {
                Section("同步") {
                    Text(syncLine(status))
                    if let due = status.filingDue { Text("最早备案期限：\(toMinute(due))") }
                    Big("同步") { await phone.sync() }
                }
            }
        }
        .navigationTitle("执法")
        .task(id: phone.changes) { await load() }
    }

    private func load() async {
        here = (try? Here.shared.here()) ?? nil
        leads = await phone.ask { try $0.leads() } ?? []
        orders = await phone.ask { try $0.openOrders() } ?? []
        status = await phone.ask { try $0.status() }
        today = await phone.ask { try day($0, of: Date()) }
    }

    private func search() async {
        let typed = number
        found = await phone.ask { try $0.lookUp(reason: "执法查询", by: .number, text: typed, most: 20) } ?? []
    }
}

/// Sample: what a crew of the district meets most. An app would keep them with its own settings.
let favourites = [
    Favourite(
        offence: "stall", title: "占道摆摊", sentence: "你在门前人行道摆卖",
        usual: [
            "on_road": .bool(true), "approved": .bool(false), "vehicle": .bool(false), "minor": .bool(false), "harm": .choice("slight"),
        ]),
    Favourite(
        offence: "dog-waste", title: "犬粪未清", sentence: "你遛狗时没有清除犬只粪便",
        usual: [
            "dog_waste": .bool(true), "cleaned_at_once": .bool(false), "items": .int(1), "minor": .bool(false), "harm": .choice("slight"),
            "corrected": .bool(false),
        ]),
]

private func beijingFormat(_ format: String) -> DateFormatter {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = beijing
    formatter.dateFormat = format
    return formatter
}

/// Times are the law's: Beijing time.
func toMinute(_ at: Date) -> String { beijingFormat("yyyy-MM-dd HH:mm").string(from: at) }
func onDay(_ at: Date) -> String { beijingFormat("yyyy-MM-dd").string(from: at) }
