import Dispatch

/// The phone's one background thread, for async code: its calls block, and the main actor must not.
///
///     let open = try await phone.use { try $0.cases(most: 20) }
public final class PhoneThread: Sendable {
    private let phone: FieldOffice
    private let queue = DispatchQueue(label: "cn.ezhifa.phone", qos: .userInitiated)
    private let network = DispatchQueue(label: "cn.ezhifa.sync", qos: .utility)

    public init(_ phone: FieldOffice) { self.phone = phone }

    /// Runs calls on the phone's thread. Not for `sync`.
    public func use<T: Sendable>(_ calls: @escaping @Sendable (FieldOffice) throws -> T) async throws -> T {
        try await run(on: queue, calls)
    }

    /// A sync waits for the network: it has a thread of its own, so that the officer's calls go on.
    public func sync(_ progress: SyncProgress? = nil) async throws -> Synced {
        try await run(on: network) { try $0.sync(progress: progress) }
    }

    private func run<T: Sendable>(
        on queue: DispatchQueue, _ calls: @escaping @Sendable (FieldOffice) throws -> T
    ) async throws -> T {
        let phone = self.phone
        return try await withCheckedThrowingContinuation { done in
            queue.async { done.resume(with: Result { try calls(phone) }) }
        }
    }
}
