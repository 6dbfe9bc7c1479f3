// Public surface of @eventmeter/publisher-composite. Written by scripts/report-api.ts: do not edit.

import type { CheckReport, CommonOptions, EventMetrics, FlushReport, FormattedMetrics, MetricsPublisher, NetworkMetrics, PublisherHealth, WaitOptions } from "@eventmeter/core";

/** A publisher inside a composite, and what it is to get. */
export interface CompositeChild {
    readonly publisher: MetricsPublisher;
    /** Which events it gets; a predicate that throws lets the event pass. @default true */
    readonly events?: boolean | ((metrics: Readonly<EventMetrics>) => boolean) | undefined;
    /** Which network operations it gets; a predicate that throws lets the operation pass. @default true */
    readonly network?: boolean | ((metrics: Readonly<NetworkMetrics>) => boolean) | undefined;
    /** Whether closing the composite closes it; if not, it is only flushed. @default true */
    readonly owned?: boolean | undefined;
}

/**
 * Publishes every record to several publishers, and keeps the failure of each one its own.
 * Delivered means offered to every child that wanted the record; children keep their own numbers.
 */
export declare class CompositePublisher implements MetricsPublisher {
    #private;
    readonly name: string;
    readonly contract = 1;
    /** @throws PublisherError `options`, naming every wrong entry by its index */
    constructor(publishers: readonly (MetricsPublisher | CompositeChild)[], options?: CommonOptions);
    publishEventMetrics(metrics: Readonly<EventMetrics>): void;
    publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
    formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
    /**
     * Takes another publisher in, from the next record on; started in the background if the composite was.
     * @throws PublisherError `options`: no publisher, its name is taken, the composite would be inside itself, or is closed
     */
    add(child: MetricsPublisher | CompositeChild): void;
    /**
     * Lets a child go and flushes it; it is not closed and belongs to the caller again.
     * @throws PublisherError `options` (a rejection) if there is no child of that name
     */
    remove(name: string, options?: WaitOptions): Promise<FlushReport>;
    /**
     * Starts all children, each for itself: those that can start do.
     * @throws PublisherError `start-failed` (a rejection), after all have answered or the time is over, naming each that failed
     */
    start(options?: WaitOptions): Promise<void>;
    flush(options?: WaitOptions): Promise<FlushReport>;
    close(options?: WaitOptions): Promise<FlushReport>;
    health(): PublisherHealth;
    /** Probes all children; ok only if each of them is, with one report for each child in their order. Never rejects. */
    check(options?: WaitOptions): Promise<CheckReport>;
    [Symbol.asyncDispose](): Promise<void>;
}
