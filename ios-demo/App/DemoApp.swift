import EZhifa
import FieldKit
import SwiftUI

@main
struct DemoApp: App {
    @StateObject private var phone = Phone.shared
    @StateObject private var printers = Printers()
    @Environment(\.scenePhase) private var phase

    init() { Phone.registerBackgroundSync() }

    var body: some Scene {
        WindowGroup {
            NavigationStack { StartScreen() }
                .environmentObject(phone)
                .environmentObject(printers)
                .environment(\.locale, Locale(identifier: "zh-Hans"))
                .alert("提示", isPresented: .constant(phone.told != nil)) {
                    Button("知道了") { phone.told = nil }
                } message: {
                    Text(phone.told ?? "")
                }
        }
        .onChange(of: phase) { now in
            if now == .background { Phone.schedule() }
        }
    }
}

/// Large, at the bottom, for one thumb in the sun.
struct Big: View {
    let title: String
    let action: () async -> Void

    init(_ title: String, action: @escaping () async -> Void) { (self.title, self.action) = (title, action) }

    var body: some View {
        Button {
            Task { await action() }
        } label: {
            Text(title).font(.title3.bold()).frame(maxWidth: .infinity, minHeight: 56)
        }
        .buttonStyle(.borderedProminent)
        .tint(.black)
    }
}

/// Good or bad by a word and a sign, not by colour alone.
struct Line: View {
    let check: Check
    var body: some View {
        Label(check.text, systemImage: check.ok ? "checkmark.circle" : "xmark.octagon.fill")
            .font(.title3).foregroundStyle(check.ok ? Color.primary : Color.red)
    }
}
