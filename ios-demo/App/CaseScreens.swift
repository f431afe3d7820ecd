import EZhifa
import FieldKit
import SwiftUI
import UIKit

/// A new case, screen by screen, up to the hand-over of its paper.
struct CaseScreen: View {
    let favourite: Favourite
    var source: Source?
    /// A case that was left in the middle.
    var from: CaseId?
    @StateObject private var model = CaseModel()
    @EnvironmentObject var printers: Printers
    @EnvironmentObject var phone: Phone
    /// As typed on the home screen, or the place of a lead.
    @State var address = ""
    @State private var begun = false
    @State private var camera: Stage?
    @State private var scanned = ""
    @State private var name = ""
    @State private var words = ""
    @State private var review = ""
    @State private var reason = ""
    @State private var crew: Crew?
    @State private var names: [OfficerId: String] = [:]
    @State private var pins = ["", ""]
    @State private var lead = SignaturePad(width: 350, height: 140)
    @State private var second = SignaturePad(width: 350, height: 140)
    @State private var party = SignaturePad(width: 350, height: 140)

    var body: some View {
        List { content }
            .navigationTitle(favourite.title)
            .safeAreaInset(edge: .bottom) { VStack { actions }.padding() }
            .sheet(item: $camera) { stage in
                Camera { jpeg in
                    camera = nil
                    Task {
                        if stage == .service {
                            await model.without { try $0.photograph(jpeg) }
                        } else {
                            await model.tap { try $0.shoot(jpeg, caption: stage == .fact ? "违法现场" : "改正后", stage: stage) }
                        }
                    }
                }
            }
            .task {
                crew = await phone.ask { try $0.crew() } ?? nil
                names = await phone.ask { phone in Dictionary(uniqueKeysWithValues: try phone.roster().map { ($0.id, $0.name) }) } ?? [:]
                if let from, !begun {
                    await model.resume(from)
                    begun = true
                } else if !begun && !address.isEmpty {
                    await begin()
                }
            }
    }

    /// One tap on a tile: the case is open, and the camera as well.
    private func begin() async {
        let (favourite, address, source) = (favourite, address, source)
        await model.tap { try $0.start(favourite, address: address, source: source) }
        begun = true
        camera = .fact
    }

    @ViewBuilder private var content: some View {
        if !begun {
            TextField("地点（门牌）", text: $address).font(.title2)
        } else {
            switch model.screen {
            case .camera: Text("拍下违法事实；照片当即计算校验值并密封，不存入相册。")
            case .party:
                TextField("证件识别文字或身份证号", text: $scanned, axis: .vertical)
                TextField("姓名或名称", text: $name)
            case .questions: ForEach(model.questions, id: \.fact) { Asked(question: $0, usual: model.usual[$0.fact], model: model) }
            case .proposal: proposal
            case .statement:
                TextField("当事人说了什么", text: $words, axis: .vertical)
                TextField("复核意见", text: $review, axis: .vertical)
            case .decision:
                if let dead = model.dead, model.made == nil {
                    WaysOut(answer: dead, model: model, officers: officers) { camera = .service }
                } else {
                    decision
                }
            }
        }
    }

    /// The crew, who leads first.
    private var officers: [(id: OfficerId, name: String)] {
        guard let crew else { return [] }
        return [crew.lead, crew.second].map { ($0, names[$0] ?? "") }
    }

    @ViewBuilder private var proposal: some View {
        if let proposal = model.proposal {
            Text("\(proposal.offenceName)：\(proposal.outcomeName) \(proposal.amount.fen > 0 ? proposal.amount.yuan : "")").font(.title2)
            if proposal.provisional { Text("首次违法以指挥中心复核为准") }
            ForEach(proposal.reasons, id: \.rule) { Text($0.text + $0.citations.joined()) }
            ForEach(proposal.duties, id: \.self) { Text("还须：\(said($0))") }
            Big("改正后拍照") { camera = .corrected }
            Big("已改正") { await model.tap { try $0.corrected() } }
            Big("已教育") { await model.tap { try $0.educated("当面讲解") } }
        }
    }

    @ViewBuilder private var decision: some View {
        if let preview = model.preview { Image(uiImage: preview).resizable().scaledToFit() }
        if model.eService { Text("当事人已签电子送达确认书：决定书发到确认书上的地址，不打印。") }
        TextField("理由代码（有裁量时）", text: $reason)
        SecureField("\(crew.flatMap { names[$0.lead] } ?? "") 的口令", text: $pins[0])
        SecureField("\(crew.flatMap { names[$0.second] } ?? "") 的口令", text: $pins[1])
        Glass(title: "执法人员一", pad: $lead)
        Glass(title: "执法人员二", pad: $second)
        Glass(title: "当事人（拒绝签名的留空）", pad: $party)
        if let printed = model.printed { Text(printed).font(.title3.bold()) }
    }

    @ViewBuilder private var actions: some View {
        if !begun {
            Big("开始取证") {
                await begin()
            }
        } else {
            switch model.screen {
            case .camera: Big("拍照") { camera = .fact }
            case .party:
                Big("亮证，读取证件") {
                    let (lines, typed) = (scanned.components(separatedBy: "\n"), name)
                    await model.tap {
                        var read = try readCard(lines) ?? Read(identity: .declared)
                        if read.name.isEmpty { read.name = typed }
                        try $0.identify(read)
                    }
                }
                Big("拒绝表明身份") { await model.tap { try $0.identify(Read(identity: .refused)) } }
            case .questions: Big("与常见情形相同") { await model.tap { try $0.asUsual() } }
            case .proposal:
                Big("已告知，听取陈述") { await model.tap { try $0.notified() } }
                Big("不需告知的，直接决定") { await model.tap { $0.withoutNotice() } }
            case .statement:
                Big("记录陈述，不采纳") {
                    let (words, review) = (words, review)
                    await model.tap { try $0.heard(words: words, review: review) }
                }
                Big("记录陈述，采纳（重新建议）") {
                    let (words, review) = (words, review)
                    await model.tap { try $0.heard(words: words, review: review, upheld: true) }
                }
                Big("未陈述申辩") { await model.tap { try $0.heard() } }
            case .decision: paper
            }
        }
    }

    @ViewBuilder private var paper: some View {
        switch model.made {
        case nil:
            if model.dead == nil {
                Big("两人确认，作出决定") {
                    let both = zip(officers, pins).map { (officer: $0.id, pin: $1) }
                    let drawn = Drawn(
                        lead: lead.isBlank ? nil : lead.strokes, second: second.isBlank ? nil : second.strokes,
                        party: party.isBlank ? nil : party.strokes)
                    await model.decide(both, reason: reason, drawn: drawn, printers: printers)
                }
            }
        case .elsewhere: Text("已转普通程序")
        case .electronic: Big("已发到当事人的电子地址") { await model.servedElectronically() }
        case .byHand: service
        case .toPrint:
            if model.look != nil {
                Big("纸完整清晰") { await model.confirmed(true) }
                Big("纸不完整") { await model.confirmed(false) }
            } else {
                // A second paper is asked for in so many words.
                Big(model.printed == nil ? "打印" : "再次打印（补打）") {
                    guard let link = await printers.link() else {
                        phone.told = "连不上打印机；文书已签发，编号不变"
                        return
                    }
                    await model.print(on: link, again: model.printed != nil)
                }
                service
            }
        }
    }

    @ViewBuilder private var service: some View {
        Big("当场交付，纸上签名") { await model.serve(.ink, reason: "") }
        Big("当场交付，拒绝签名") { await model.serve(.refusedToSign, reason: "拒绝签名") }
        Big("当事人已离开") { await model.undeliver() }
    }
}

/// One question of the rulebook.
struct Asked: View {
    let question: Question
    let usual: Value?
    let model: CaseModel
    @State private var typed = ""

    var body: some View {
        VStack(alignment: .leading) {
            Text(question.text).font(.title3)
            if !question.help.isEmpty { Text(question.help) }
            if let usual { Text("常见情形：\(said(question, usual))") }
            switch question.answer {
            case .bool:
                HStack {
                    Big("是") { await answer(.bool(true)) }
                    Big("否") { await answer(.bool(false)) }
                }
            case .choice(let options): ForEach(options, id: \.value) { one in Big(one.label) { await answer(.choice(one.value)) } }
            case .int(let unit, let decimals, _, _):
                TextField(unit, text: $typed).keyboardType(.decimalPad)
                Big("确定") {
                    if let number = Decimal(string: typed) {
                        let stored = NSDecimalNumber(decimal: number).multiplying(byPowerOf10: Int16(decimals))
                        await answer(.int(stored.int64Value))
                    }
                }
            }
            Big("不清楚") { await answer(.unknown) }
        }
    }

    private func answer(_ value: Value) async {
        let fact = question.fact
        await model.tap { try $0.answer(fact, value) }
    }
}

/// The glass on which people sign.
struct Glass: View {
    let title: String
    @Binding var pad: SignaturePad
    @State private var begun = false

    var body: some View {
        Text(title)
        Canvas { canvas, size in
            for line in pad.strokes.lines {
                var path = Path()
                let points = line.map { CGPoint(x: Double($0.x) / 160 * size.width, y: Double($0.y) / 64 * size.height) }
                path.addLines(points)
                canvas.stroke(path, with: .color(.black), lineWidth: 4)
            }
        }
        .frame(width: 350, height: 140)
        .background(Color(white: 0.95))
        .gesture(
            DragGesture(minimumDistance: 0)
                .onChanged { at in
                    if begun { pad.move(at.location.x, at.location.y) } else { pad.down(at.location.x, at.location.y) }
                    begun = true
                }
                .onEnded { _ in begun = false })
    }
}

/// One picture, straight into the phone: it is saved nowhere else.
struct Camera: UIViewControllerRepresentable {
    let taken: (Data) -> Void

    func makeCoordinator() -> Coordinator { Coordinator(taken) }

    func makeUIViewController(context: Context) -> UIImagePickerController {
        let picker = UIImagePickerController()
        picker.sourceType = .camera
        picker.delegate = context.coordinator
        return picker
    }

    func updateUIViewController(_ picker: UIImagePickerController, context: Context) {}

    final class Coordinator: NSObject, UIImagePickerControllerDelegate, UINavigationControllerDelegate {
        private let taken: (Data) -> Void
        init(_ taken: @escaping (Data) -> Void) { self.taken = taken }

        func imagePickerController(
            _ picker: UIImagePickerController, didFinishPickingMediaWithInfo info: [UIImagePickerController.InfoKey: Any]
        ) {
            if let image = info[.originalImage] as? UIImage, let jpeg = image.jpegData(compressionQuality: 0.85) { taken(jpeg) }
        }
    }
}

/// Which picture the camera takes.
extension Stage: Identifiable {
    public var id: Self { self }
}
