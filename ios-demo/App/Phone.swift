import BackgroundTasks
import CoreLocation
import EZhifa
import FieldKit
import Foundation
import Network

/// The process: one phone, one thread for its calls, one for sync.
@MainActor
final class Phone: ObservableObject {
    static let shared = Phone()
    static let syncTask = "cn.ezhifa.demo.sync"

    /// Changes whenever the phone changed: screens draw again.
    @Published var changes = 0
    /// What the officer is told: a refusal with its article and next step.
    @Published var told: String?

    /// What iOS knows of the network.
    private(set) var network = EZhifa.Network.online
    private let path = NWPathMonitor()

    let keys = Keychain()
    private var opened: (office: FieldOffice, thread: PhoneThread)?

    private init() {
        path.pathUpdateHandler = { path in
            let seen: EZhifa.Network = path.status != .satisfied ? .offline : path.isExpensive ? .metered : .online
            Task { @MainActor in Phone.shared.network = seen }
        }
        path.start(queue: DispatchQueue(label: "cn.ezhifa.network"))
    }

    private func phone() async throws -> PhoneThread {
        if let opened { return opened.thread }
        let keys = self.keys
        let files = FileManager.default
        var folder = try files.url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            .appendingPathComponent("ezhifa")
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        var out = URLResourceValues()
        out.isExcludedFromBackup = true
        try folder.setResourceValues(out)
        let (store, mark) = (folder.appendingPathComponent("phone").path, folder.appendingPathComponent("mark").path)
        let platform = PhonePlatform(
            app: "demo 0.1.0", model: "iPhone", clock: Clock(), location: Here.shared, observer: Watcher())
        let office = try await Task.detached {
            try FieldOffice.open(folder: store, mark: mark, keys: keys, platform: platform)
        }.value
        let thread = PhoneThread(office)
        opened = (office, thread)
        return thread
    }

    /// A call on the phone's thread. A refusal is shown and answers nil.
    func ask<T: Sendable>(_ call: @escaping @Sendable (FieldOffice) throws -> T) async -> T? {
        do { return try await phone().use(call) } catch let error as PhoneError { told = error.sentence } catch { told = "\(error)" }
        return nil
    }

    /// A sync on a thread of its own.
    @discardableResult
    func sync(_ progress: SyncProgress? = nil) async -> Bool {
        let network = network
        _ = await ask { try $0.setNetwork(network: network) }
        do { return try await phone().sync(progress).done } catch let error as PhoneError { told = error.sentence } catch {
            told = "\(error)"
        }
        return false
    }

    /// Registered before launch ends.
    static func registerBackgroundSync() {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: syncTask, using: nil) { task in
            let stop = Stop()
            task.expirationHandler = { stop.now = true }
            Task { @MainActor in
                let done = await Phone.shared.sync(stop)
                schedule()
                task.setTaskCompleted(success: done)
            }
        }
    }

    static func schedule() {
        let wish = BGProcessingTaskRequest(identifier: syncTask)
        wish.requiresNetworkConnectivity = true
        try? BGTaskScheduler.shared.submit(wish)
    }

    private final class Watcher: PhoneObserver {
        func changed(what: Change) throws { Task { @MainActor in Phone.shared.changes += 1 } }
    }
}

/// Answers whether a background sync may go on.
final class Stop: SyncProgress, @unchecked Sendable {
    var now = false
    func step(at: SyncStep) throws -> Bool { !now }
}

final class Clock: PhoneClock {
    func now() throws -> ClockStamp {
        var booted = timeval()
        var size = MemoryLayout<timeval>.size
        sysctlbyname("kern.boottime", &booted, &size, nil, 0)
        let mono = clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW) / 1_000_000
        return ClockStamp(wall: Date(), monoMs: Int64(mono), boot: "boot-\(booted.tv_sec)")
    }
}

/// The last good position; an old one is none.
final class Here: NSObject, PhoneLocation, CLLocationManagerDelegate, @unchecked Sendable {
    static let shared = Here()
    private let manager = CLLocationManager()

    override init() {
        super.init()
        manager.delegate = self
        manager.requestWhenInUseAuthorization()
        manager.startUpdatingLocation()
    }

    func here() throws -> Fix? {
        guard let last = manager.location, last.timestamp.timeIntervalSinceNow > -120 else { return nil }
        return Fix(
            latE7: Int64(last.coordinate.latitude * 1e7), lonE7: Int64(last.coordinate.longitude * 1e7),
            accuracyCm: Int64(last.horizontalAccuracy * 100), source: "gnss")
    }
}
