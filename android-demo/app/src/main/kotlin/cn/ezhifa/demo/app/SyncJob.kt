package cn.ezhifa.demo.app

import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import cn.ezhifa.field.PhoneException
import cn.ezhifa.field.SyncProgress
import cn.ezhifa.field.SyncStep

/** Sends what waits whenever there is a network, also after a restart of the phone. */
class SyncJob : JobService() {
    @Volatile private var stopped = false

    override fun onStartJob(params: JobParameters): Boolean {
        stopped = false
        val app = application as DemoApp
        Thread({
            val again = try {
                if (!app.phone.isEnrolled()) {
                    false
                } else {
                    app.phone.setNetwork(app.state())
                    !app.phone.syncInBackground(object : SyncProgress {
                        override fun step(at: SyncStep) = !stopped
                    }).done
                }
            } catch (_: PhoneException) {
                true // locked: the back-off tries again
            }
            jobFinished(params, again)
        }, "sync-job").start()
        return true
    }

    override fun onStopJob(params: JobParameters): Boolean {
        stopped = true
        return true
    }

    companion object {
        private const val ID = 1

        fun schedule(context: Context) {
            val jobs = context.getSystemService(Context.JOB_SCHEDULER_SERVICE) as JobScheduler
            if (jobs.getPendingJob(ID) != null) return
            jobs.schedule(
                JobInfo.Builder(ID, ComponentName(context, SyncJob::class.java))
                    .setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY)
                    .setPeriodic(15 * 60_000L)
                    .setBackoffCriteria(30_000, JobInfo.BACKOFF_POLICY_EXPONENTIAL)
                    .setPersisted(true)
                    .build(),
            )
        }
    }
}
