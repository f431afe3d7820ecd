//! The closed vocabularies of the journal: by which way, from where, on what ground.

use crate::words::words;

words! {
    /// Where an answer comes from.
    FactSource {
        /// The officer saw or measured it.
        Officer = "officer",
        /// The party said so: an inquiry, so certificates come first (处罚法 55).
        Party = "party",
        /// Read from a photo or a document.
        Photo = "photo",
        /// From HQ's lists on the phone.
        Replica = "replica",
    }
}

words! {
    /// How the party was told (处罚法 44).
    NoticeWay {
        /// 口头告知.
        Oral = "oral",
        /// 书面告知.
        Paper = "paper",
    }
}

words! {
    /// How an officer confirmed with a secret of their own.
    ConfirmWay {
        /// PIN.
        Pin = "pin",
        /// The platform's authenticator.
        Authenticator = "authenticator",
    }
}

words! {
    /// 送达方式.
    ServiceWay {
        /// 当场交付.
        HandedOver = "handed_over",
        /// 电子送达: only with signed consent (处罚法 61 ②).
        Electronic = "electronic",
        /// 留置送达, photographed or filmed (民诉法 89).
        LeftAndFilmed = "left_and_filmed",
        /// 交有权签收的人 (民诉法 88).
        ToReceiver = "to_receiver",
        /// 邮寄送达.
        Mailed = "mailed",
    }
}

words! {
    /// 缴款方式 (处罚法 67 to 69).
    PayWay {
        /// 电子缴款码.
        PayCode = "pay_code",
        /// 银行.
        Bank = "bank",
        /// 当场收缴.
        Cash = "cash",
    }
}

words! {
    /// Why cash may be taken.
    CashGround {
        /// 一百元以下 (处罚法 68 一).
        SmallFine = "small_fine",
        /// 不当场收缴事后难以执行 (处罚法 68 二): with a recorded reason.
        HardToEnforce = "hard_to_enforce",
        /// 边远、水上、交通不便, at the party's request (处罚法 69).
        Remote = "remote",
    }
}

words! {
    /// Where cash went on its two legs (处罚法 71).
    CashLeg {
        /// 交至行政机关.
        ToOrgan = "to_organ",
        /// 缴付指定的银行.
        ToBank = "to_bank",
    }
}

words! {
    /// How the decision reached the organ (备案, 处罚法 52 ③).
    FilingWay {
        /// HQ's signed receipt.
        Receipt = "receipt",
        /// 密封导出.
        SealedExport = "sealed_export",
        /// Another phone carried it.
        OtherPhone = "other_phone",
        /// 备案报送单 on paper.
        PrintedSheet = "printed_sheet",
    }
}

words! {
    /// 结案方式.
    CloseWay {
        /// 劝导.
        Advice = "advice",
        /// 无违法.
        NoViolation = "no_violation",
        /// The decision is served and everything owed is done.
        Done = "done",
        /// 责令改正 and done: no penalty, no 不予处罚决定书.
        OrderComplied = "order_complied",
        /// Goes on elsewhere: ordinary procedure, another organ, a follow-up case.
        Transferred = "transferred",
        /// Nothing could be established: 撤案.
        Withdrawn = "withdrawn",
    }
}
