import EZhifa
import FieldKit
import SwiftUI

/// What the crew does about a case that is heard while no printer can print: before a number is used, every way out.
struct WaysOut: View {
    let answer: PrinterAnswer
    @ObservedObject var model: CaseModel
    /// The crew, who leads first.
    let officers: [(id: OfficerId, name: String)]
    /// Opens the camera for the sheet.
    let photograph: () -> Void
    @EnvironmentObject var phone: Phone
    @EnvironmentObject var printers: Printers
    @Environment(\.dismiss) private var dismiss
    @State private var way = ""
    @State private var time = ""
    @State private var reason = ""
    @State private var address = ""
    @State private var why = "打印机不能打印，当场不能制作决定书"
    @State private var spoiled = ""
    @State private var pins = ["", ""]
    @State private var party = SignaturePad(width: 350, height: 140)

    var body: some View {
        Text(chinese(answer.said)).font(.title2)
        Text("还没有作出决定，没有用掉编号。")
        switch way {
        case "another_printer": another
        case "hand_written": byHand
        case "electronic_service": consent
        case "ordinary_procedure": ordinary
        default:
            ForEach(answer.ways, id: \.way) { one in Big(one.zh) { await take(one.way) } }
            Big("先放着，稍后接着办") { dismiss() }
        }
        if !way.isEmpty { Big("换别的办法") { way = "" } }
    }

    private func take(_ word: String) async {
        guard word == "mend" else {
            way = word
            return
        }
        await model.askPrinter(printers)
    }

    @ViewBuilder private var another: some View {
        ForEach(printers.found, id: \.identifier) { printer in
            Big(printer.name ?? "打印机") {
                printers.chosen = printer
                await model.askPrinter(printers)
            }
        }
    }

    @ViewBuilder private var byHand: some View {
        if let number = model.sheet?.number, let sheet = model.sheet {
            Text("在 \(number) 上照此填写，写明时间，两人和当事人签名：").font(.title2)
            if let words = UIImage(data: sheet.words) { Image(uiImage: words).resizable().scaledToFit() }
            Line(check: Check(text: sheet.photo == nil ? "填好的文书还没有拍照" : "填好的文书已拍照", ok: sheet.photo != nil))
            Big("拍摄填好的文书") { photograph() }
            TextField("文书上写明的时间 HH:mm", text: $time).font(.title2)
            TextField("理由代码（有裁量时）", text: $reason)
            secrets
            Big("两人确认，补录") { await keyIn() }
            TextField("写坏的：作废原因", text: $spoiled)
            Big("这一张写坏了，登记作废") {
                let (spoiled, pin) = (spoiled, pins[1])
                await model.without { try $0.spoil(reason: spoiled, secondPin: pin) }
            }
        } else {
            Text(model.sheet == nil ? "" : "手写文书已用完，请换别的办法。").font(.title2)
                .task { await model.without { _ in } }
        }
    }

    @ViewBuilder private var secrets: some View {
        ForEach(Array(officers.enumerated()), id: \.offset) { at, officer in
            SecureField("\(officer.name) 的口令", text: $pins[at]).keyboardType(.numberPad)
        }
    }

    private func keyIn() async {
        let (time, reason, typed) = (time, reason, zip(officers, pins).map { (officer: $0.id, pin: $1) })
        guard model.writtenAt(time) != nil else {
            phone.told = "请按 时:分 写时间，如 19:05"
            return
        }
        let done = await model.without { way in
            if let at = way.writtenAt(time) { try way.keyIn(at, typed, reason: reason) }
        }
        if done { model.made = .byHand }
    }

    @ViewBuilder private var consent: some View {
        Text("当事人同意电子送达的，写明地址并签名；决定书签发后发到该地址，不再打印。")
        TextField("电子邮箱或者手机号", text: $address).font(.title2)
        Glass(title: "当事人", pad: $party)
        Big("当事人已签确认书") {
            if party.isBlank {
                phone.told = "请当事人签名"
                return
            }
            let (address, signature) = (address, party.strokes)
            if await model.without({ try $0.consents(address: address, signature: signature) }) { model.dead = nil }
        }
    }

    @ViewBuilder private var ordinary: some View {
        TextField("理由", text: $why, axis: .vertical)
        Big("转普通程序") {
            let why = why
            if await model.without({ try $0.ordinary(why) }) { model.made = .elsewhere }
        }
    }
}
