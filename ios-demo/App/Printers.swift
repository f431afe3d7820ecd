import CoreBluetooth
import EZhifa
import FieldKit
import Foundation

/// Low-energy pocket printers: iOS has no serial port profile. One connection at a time.
final class Printers: NSObject, ObservableObject, CBCentralManagerDelegate, CBPeripheralDelegate {
    @Published var found: [CBPeripheral] = []
    /// The crew's printer; a connection is made for each print and each question.
    @Published var chosen: CBPeripheral?

    private var central: CBCentralManager!
    private var link: BleLink?
    private var ready: CheckedContinuation<BleLink, Error>?
    private var attempt = 0
    private let queue = DispatchQueue(label: "cn.ezhifa.printer")

    override init() {
        super.init()
        central = CBCentralManager(delegate: self, queue: queue)
    }

    /// Looks for printers that offer a service of a known kind.
    func look() {
        central.scanForPeripherals(withServices: bleKinds.map { CBUUID(string: $0.service) })
    }

    /// A connection to the crew's printer; none when none is chosen or it cannot be reached.
    func link() async -> BleLink? {
        guard let chosen else { return nil }
        return try? await connect(chosen)
    }

    /// Connects and finds the characteristic to write to. CoreBluetooth itself would wait for ever.
    private func connect(_ printer: CBPeripheral) async throws -> BleLink {
        try await withCheckedThrowingContinuation { done in
            queue.async { [self] in
                fail("又连了一次 / connected again")
                central.stopScan()
                attempt += 1
                ready = done
                central.connect(printer)
                queue.asyncAfter(deadline: .now() + 15) { [self, attempt] in
                    guard self.attempt == attempt, ready != nil else { return }
                    central.cancelPeripheralConnection(printer)
                    fail("打印机没有响应 / the printer does not answer")
                }
            }
        }
    }

    func centralManagerDidUpdateState(_ central: CBCentralManager) {
        if central.state == .poweredOn { look() }
    }

    func centralManager(
        _ central: CBCentralManager, didDiscover printer: CBPeripheral, advertisementData: [String: Any], rssi: NSNumber
    ) {
        DispatchQueue.main.async {
            if !self.found.contains(printer) { self.found.append(printer) }
        }
    }

    func centralManager(_ central: CBCentralManager, didConnect printer: CBPeripheral) {
        printer.delegate = self
        printer.discoverServices(bleKinds.map { CBUUID(string: $0.service) })
    }

    func centralManager(_ central: CBCentralManager, didFailToConnect printer: CBPeripheral, error: Error?) {
        fail("连不上打印机 / cannot reach the printer")
    }

    func centralManager(_ central: CBCentralManager, didDisconnectPeripheral printer: CBPeripheral, error: Error?) {
        link?.ended()
        fail("连接已断开 / disconnected")
    }

    func peripheral(_ printer: CBPeripheral, didDiscoverServices error: Error?) {
        guard let service = printer.services?.first else { return fail("不认识这种打印机 / an unknown kind of printer") }
        printer.discoverCharacteristics(nil, for: service)
    }

    func peripheral(_ printer: CBPeripheral, didDiscoverCharacteristicsFor service: CBService, error: Error?) {
        let kind = bleKinds.first { CBUUID(string: $0.service) == service.uuid }
        func named(_ uuid: String?) -> CBCharacteristic? {
            uuid.flatMap { uuid in service.characteristics?.first { $0.uuid == CBUUID(string: uuid) } }
        }
        guard let write = named(kind?.write) else { return fail("不认识这种打印机 / an unknown kind of printer") }
        if let notify = named(kind?.notify) { printer.setNotifyValue(true, for: notify) }
        let way: CBCharacteristicWriteType = write.properties.contains(.write) ? .withResponse : .withoutResponse
        let pipe = Pipe(printer, write, way) { [central] in central?.cancelPeripheralConnection(printer) }
        let fresh = BleLink(
            pipe, packet: printer.maximumWriteValueLength(for: way), withResponse: way == .withResponse)
        link = fresh
        ready?.resume(returning: fresh)
        ready = nil
    }

    func peripheral(_ printer: CBPeripheral, didWriteValueFor what: CBCharacteristic, error: Error?) {
        if error == nil { link?.written() } else { link?.ended() }
    }

    func peripheralIsReady(toSendWriteWithoutResponse printer: CBPeripheral) { link?.written() }

    func peripheral(_ printer: CBPeripheral, didUpdateValueFor what: CBCharacteristic, error: Error?) {
        if let value = what.value { link?.received(value) }
    }

    private func fail(_ reason: String) {
        ready?.resume(throwing: AppError.Failed(reason: reason))
        ready = nil
    }

    private final class Pipe: BlePipe {
        private let printer: CBPeripheral
        private let to: CBCharacteristic
        private let way: CBCharacteristicWriteType
        private let shut: () -> Void

        init(_ printer: CBPeripheral, _ to: CBCharacteristic, _ way: CBCharacteristicWriteType, shut: @escaping () -> Void) {
            (self.printer, self.to, self.way, self.shut) = (printer, to, way, shut)
        }

        func send(_ packet: Data) -> Bool {
            printer.writeValue(packet, for: to, type: way)
            return true
        }

        func close() { shut() }
    }
}
