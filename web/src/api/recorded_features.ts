import { featureMapsOf, type FeatureMaps } from './features';
import { FeaturesClient } from './features_client';
import { notInReport } from './record_book';
import type { RecordedAnswers, RecordedQuery } from './recorded_answers';
import type { Source } from './source';

/** Features out of what a report carries. */
export class RecordedFeatures extends FeaturesClient {
  constructor(
    source: Source,
    private readonly answers: RecordedAnswers,
  ) {
    super(source);
  }

  override async maps(
    run: string,
    features: string,
    query: { episode: number; from: number; to: number; of?: string; checkpoint?: number },
  ): Promise<FeatureMaps> {
    const asked: RecordedQuery = { episode: String(query.episode), of: query.of ?? null };
    const found = await this.answers.steps(`/api/runs/${run}/features/${features}/maps`, asked, query);
    if (!found) throw notInReport();
    return featureMapsOf(found);
  }
}
