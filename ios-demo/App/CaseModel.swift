import EZhifa
import FieldKit
import SwiftUI

/// How a decision came about.
enum Made { case toPrint, byHand, electronic, elsewhere }

/// A new case, screen by screen. The view model lives on the phone's thread; what is shown is copied from it.
@MainActor
final class CaseModel: ObservableObject {
    @Published var screen = Screen.camera
    @Published var questions: [Question] = []
    @Published var usual: [String: Value] = [:]
    @Published var proposal: Proposal?
    @Published var preview: UIImage?
    @Published var printed: String?
    @Published var look: String?
    /// Why no printer can print now, before the decision.
    @Published var dead: PrinterAnswer?
    /// The sheet of the pad that is next, while there is no printer.
    @Published var sheet: Sheet?
    /// The party signed a consent to electronic service: no printer is needed.
    @Published var eService = false
    /// How the decision was made.
    @Published var made: Made?
    private nonisolated(unsafe) var flow: NewCase?

    /// One tap.
    func tap(_ what: @escaping @Sendable (NewCase) throws -> Void) async {
        guard
            await Phone.shared.ask({ phone in
                let flow = self.flow ?? NewCase(phone)
                self.flow = flow
                try what(flow)
            }) != nil
        else { return }
        await show()
    }

    func show() async {
        guard let flow else { return }
        (screen, questions, usual, proposal) = (flow.screen, flow.questions, flow.usual, flow.proposal)
        guard screen == .decision else { return }
        if let png = await Phone.shared.ask({ _ in try flow.inHand.preview(paper: .mm58).png }) {
            preview = UIImage(data: png)
        }
        eService = await Phone.shared.ask { _ in try flow.inHand.look().eService } ?? false
    }

    /// Whether the crew's printer could print now; `dead` says why not and what to do.
    @discardableResult
    func askPrinter(_ printers: Printers) async -> Bool {
        let link = await printers.link()
        guard let answer = await Phone.shared.ask({ _ in try FieldKit.ask(printer: link) }) else { return false }
        dead = answer.canPrint ? nil : answer
        return answer.canPrint
    }

    /// Both officers, each with their own PIN, decide; the paper is signed. The printer is asked before: a number is
    /// used only where its paper can come out, or is not needed. Where there is a signal, the pay code comes first.
    func decide(_ pins: Pins, reason: String, drawn: Drawn, printers: Printers) async {
        guard let flow else { return }
        if !eService {
            guard await askPrinter(printers) else { return }
        }
        let network = Phone.shared.network
        guard
            let line = await Phone.shared.ask({ phone -> String in
                _ = try flow.inHand.decide(confirmations: try flow.inHand.confirmed(by: pins), choice: chosen(reason))
                try phone.setNetwork(network: network)
                let line = try payCode(flow.inHand)
                _ = try flow.inHand.issue(drawn: drawn)
                return line
            })
        else { return }
        made = eService ? .electronic : .toPrint
        if !line.isEmpty { Phone.shared.told = line }
    }

    /// One step of a case while no printer works.
    @discardableResult
    func without(_ what: @escaping @Sendable (WithoutPrinter) throws -> Void) async -> Bool {
        guard let flow else { return false }
        let next = await Phone.shared.ask { phone -> Sheet? in
            let way = WithoutPrinter(phone, flow.inHand)
            try what(way)
            return try? way.sheet()
        }
        guard let next else { return false }
        sheet = next
        await show()
        return true
    }

    /// The time on a sheet, where it is one.
    func writtenAt(_ text: String) -> Date? { FieldKit.writtenAt(text, now: Date()) }

    /// The signed decision went to the address of the consent.
    func servedElectronically() async {
        guard let flow else { return }
        _ = await Phone.shared.ask { _ in try flow.inHand.servedElectronically() }
    }

    /// Prints, and says honestly what came of it.
    func print(on link: BleLink, again: Bool = false) async {
        guard let flow else { return }
        let result = await Phone.shared.ask { _ in
            let printed =
                again
                ? try flow.inHand.reprint(link: link, kind: printerKind)
                : try flow.inHand.print(link: link, kind: printerKind)
            return (honest(printed), try flow.inHand.look().papers.last { $0.look }?.number)
        }
        (printed, look) = (result?.0, result?.1)
    }

    /// The officer looked at the paper.
    func confirmed(_ complete: Bool) async {
        guard let flow, let number = look else { return }
        _ = await Phone.shared.ask { _ in try flow.inHand.confirmPrint(number: number, complete: complete) }
        look = nil
    }

    /// The party went before the hand-over.
    func undeliver() async {
        guard let flow else { return }
        _ = await Phone.shared.ask { _ in try flow.inHand.undeliver(reason: "当事人离开") }
    }

    /// A case that was left in the middle: the process died, or the officers did something else.
    func resume(_ id: CaseId) async {
        let known = favourites
        guard
            await Phone.shared.ask({ phone in
                let flow = NewCase(phone)
                try flow.resume(try phone.case(id: id), favourites: known)
                self.flow = flow
            }) != nil
        else { return }
        await show()
    }

    func serve(_ act: SigningAct, reason: String) async {
        guard let flow else { return }
        _ = await Phone.shared.ask { _ in try flow.inHand.handedOver(act, reason: reason) }
    }
}
