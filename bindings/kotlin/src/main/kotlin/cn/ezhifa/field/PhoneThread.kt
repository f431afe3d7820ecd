package cn.ezhifa.field

import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * The phone's one background thread, for coroutines: its calls block, and a screen's thread must not.
 *
 *     val open = phone.use { cases(20u) }
 */
class PhoneThread(
    private val phone: FieldOffice,
    private val thread: CoroutineDispatcher = Dispatchers.IO.limitedParallelism(1),
) {
    /** Runs calls on the phone's thread and suspends until they are done. Not for [FieldOffice.sync]. */
    suspend fun <T> use(calls: FieldOffice.() -> T): T = withContext(thread) { phone.calls() }

    /** A sync waits for the network: it has a thread of its own, so that the officer's calls go on. */
    suspend fun sync(progress: SyncProgress? = null): Synced =
        withContext(Dispatchers.IO) { phone.sync(progress) }
}
