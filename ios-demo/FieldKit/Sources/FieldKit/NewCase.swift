import EZhifa
import Foundation

/// What an app keeps for an offence that its crews meet every evening: wording and the usual answers.
public struct Favourite: Sendable {
    public let offence: String
    /// On the tile.
    public let title: String
    /// One sentence on what happened, as printed; the officer may change it.
    public let sentence: String
    /// The usual answers, shown for one look before they are taken. Never the identity, never the history.
    public let usual: [String: Value]

    public init(offence: String, title: String, sentence: String, usual: [String: Value]) {
        (self.offence, self.title, self.sentence, self.usual) = (offence, title, sentence, usual)
    }
}

/// What a document reader, or the officer's thumbs, made of the party.
public struct Read: Sendable, CustomStringConvertible {
    public var name = ""
    public var number = ""
    public var address = ""
    public var identity = Identity.documentRead
    public var kind = PartyKind.citizen

    public init(
        name: String = "", number: String = "", address: String = "", identity: Identity = .documentRead,
        kind: PartyKind = .citizen
    ) {
        (self.name, self.number, self.address, self.identity, self.kind) = (name, number, address, identity, kind)
    }

    /// Never into a log.
    public var description: String { "Read(\(kind), \(identity))" }
}

/// Which screen of a case is next.
public enum Screen: Sendable { case camera, party, questions, proposal, statement, decision }

/// A new case, tap by tap. Every public function is one tap of the officer; `taps` counts them. What a tap records
/// is said on its button: nothing is recorded that the officers did not just do.
public final class NewCase {
    public private(set) var taps = 0
    public private(set) var inHand: FieldCase!
    public private(set) var questions: [Question] = []
    public private(set) var proposal: Proposal?
    public private(set) var screen = Screen.camera
    private let phone: FieldOffice
    private let now: () -> Date
    /// The usual answers of this offence, shown beside its questions.
    public private(set) var usual: [String: Value] = [:]

    public init(_ phone: FieldOffice, now: @escaping () -> Date = Date.init) {
        (self.phone, self.now) = (phone, now)
    }

    /// Tile: opens the case here, on this offence; the camera is next.
    public func start(_ favourite: Favourite, address: String, source: Source? = nil) throws {
        taps += 1
        inHand = try phone.openCase(address: address, source: source)
        _ = try inHand.chooseOffence(
            offence: favourite.offence, actAt: now(), factText: Private(favourite.sentence))
        usual = favourite.usual
        screen = .camera
    }

    /// Goes on with a case that was left in the middle: the process died, or the officers did something else.
    public func resume(_ from: FieldCase, favourites: [Favourite]) throws {
        inHand = from
        let view = try from.look()
        usual = favourites.first { $0.offence == view.offence }?.usual ?? [:]
        if !view.evidence.contains(where: { $0.stage == .fact }) {
            screen = .camera
        } else if view.party == nil || view.history == nil {
            screen = .party
        } else if view.heard && !view.outdated {
            screen = .decision
        } else if view.noticed && !view.outdated {
            screen = .statement
        } else {
            screen = .questions
            try asked()
        }
        if proposal == nil { proposal = view.proposal }
    }

    /// Shutter: the picture is hashed and sealed before anything else happens to it.
    @discardableResult
    public func shoot(_ jpeg: Data, caption: String, stage: Stage = .fact) throws -> EvidenceItem {
        taps += 1
        let item = try inHand.capture(taken: jpeg, what: Shot(stage: stage, caption: caption))
        if stage == .fact { screen = .party }
        return item
    }

    /// 「亮证，读取证件」: certificates are shown, the document is read, HQ's lists are asked.
    public func identify(_ read: Read) throws {
        taps += 1
        _ = try inHand.showCertificates()
        let idKind: IdKind =
            read.number.isEmpty ? .none : read.kind == .citizen ? .residentId : .creditCode
        _ = try inHand.identifyParty(
            party: Party(
                kind: read.kind, name: Private(read.name), idKind: idKind, idNumber: Private(read.number),
                identity: read.identity, born: try readResidentId(text: read.number)?.born,
                address: Private(read.address), phone: Private(""), representative: Private(""),
                guardian: Private(""), plate: Private("")))
        _ = try inHand.history()
        questions = try inHand.questions()
        screen = .questions
    }

    /// 「与常见情形相同」: takes the usual answers that are on the screen; the rest is asked.
    public func asUsual() throws {
        taps += 1
        while let next = try inHand.questions().first(where: { usual[$0.fact] != nil }) {
            _ = try inHand.answer(fact: next.fact, value: usual[next.fact]!, source: .officer)
        }
        try asked()
    }

    /// One answer of one's own.
    public func answer(_ fact: String, _ value: Value) throws {
        taps += 1
        _ = try inHand.answer(fact: fact, value: value, source: .officer)
        try asked()
    }

    /// As soon as nothing is open the rulebook proposes, without a tap.
    private func asked() throws {
        questions = try inHand.questions()
        if questions.isEmpty {
            proposal = try inHand.propose()
            screen = .proposal
        }
    }

    /// 「已告知」.
    public func notified(_ how: NoticeWay = .oral) throws {
        taps += 1
        _ = try inHand.giveNotice(how: how)
        screen = .statement
    }

    /// 「未陈述申辩」, or what was said with the officers' review.
    public func heard(words: String = "", review: String = "", upheld: Bool = false) throws {
        taps += 1
        _ = try inHand.hearStatement(
            statement: words.isEmpty ? .notMade : .made, by: .party, words: Private(words), review: review,
            upheld: upheld)
        screen = upheld ? .questions : .decision
        if upheld { try asked() }
    }

    /// 「已教育」.
    public func educated(_ how: String) throws {
        taps += 1
        _ = try inHand.educate(how: how)
    }

    /// 「不需告知的，直接决定」: an order or a waiver without a notice.
    public func withoutNotice() {
        taps += 1
        screen = .decision
    }

    /// 「已改正」, with the pictures that show it; it may change what the rulebook proposes.
    public func corrected() throws {
        taps += 1
        let shown = try inHand.look().evidence.filter { $0.stage == .corrected }.map(\.sha256)
        _ = try inHand.seeCorrection(evidence: shown)
        proposal = try inHand.propose()
    }
}
