import EZhifa
import FieldKit
import SwiftUI

/// A case that was found again: how far it is, its papers, and what may be done now.
struct FoundScreen: View {
    let id: CaseId
    @EnvironmentObject var phone: Phone
    @EnvironmentObject var printers: Printers
    @State private var view: CaseView?

    var body: some View {
        List {
            if let view {
                Text("进度：\(said(view.phase))").font(.title3)
                if let paper = view.papers.last {
                    if paper.look {
                        Text("上次打印不知是否完整，请看纸。").font(.title2)
                        Big("完整清晰") { await act { _ = try $0.confirmPrint(number: paper.number, complete: true) } }
                        Big("不完整") { await act { _ = try $0.confirmPrint(number: paper.number, complete: false) } }
                    } else {
                        Big(paper.nextCopy == 0 ? "打印" : "补打（第 \(paper.nextCopy) 次）") {
                            await print(paper.number, again: paper.nextCopy != 0)
                        }
                    }
                }
                if view.papers.isEmpty && (view.phase == .decided || view.phase == .handedOver) {
                    Big("签发") { await act { _ = try $0.issue() } }
                }
                if view.eService && (view.phase == .issued || view.phase == .printed) {
                    Big("已发到当事人的电子地址") { await act { try $0.servedElectronically() } }
                }
                if view.phase == .printed {
                    Big("当场交付，纸上签名") { await act { try $0.handedOver(.ink) } }
                    Big("当场交付，拒绝签名") { await act { try $0.handedOver(.refusedToSign, reason: "拒绝签名") } }
                    Big("当事人已离开") { await act { _ = try $0.undeliver(reason: "当事人离开") } }
                }
                ForEach(view.proposal?.reasons ?? [], id: \.rule) { Text($0.text) }
            }
        }
        .navigationTitle("案件 \(view?.decided?.number ?? view?.place?.address ?? "")")
        .safeAreaInset(edge: .bottom) {
            if let view, view.decided == nil, let favourite = favourites.first(where: { $0.offence == view.offence }) {
                NavigationLink {
                    CaseScreen(favourite: favourite, from: id)
                } label: {
                    Text("接着办").font(.title3.bold()).frame(maxWidth: .infinity, minHeight: 56)
                }
            }
        }
        .task(id: phone.changes) { await load() }
    }

    private func load() async {
        let id = id
        view = await phone.ask { try $0.case(id: id).look() }
    }

    private func act(_ step: @escaping @Sendable (FieldCase) throws -> Void) async {
        let id = id
        _ = await phone.ask { try step(try $0.case(id: id)) }
    }

    private func print(_ number: String, again: Bool) async {
        guard let link = await printers.link() else {
            phone.told = "请先连接打印机"
            return
        }
        let id = id
        let printed = await phone.ask {
            let inHand = try $0.case(id: id)
            return again
                ? try inHand.reprint(link: link, kind: printerKind, number: number)
                : try inHand.print(link: link, kind: printerKind, number: number)
        }
        if let printed { phone.told = honest(printed) }
    }
}
